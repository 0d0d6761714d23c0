using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Reads the dictionary blocks of a run that is being written, in order.</summary>
/// <param name="file">The file of the run.</param>
/// <param name="blocksAt">The offset of the offsets of the blocks.</param>
/// <param name="blockCount">The number of blocks.</param>
internal sealed class WrittenTerms(IStorageFile file, long blocksAt, long blockCount)
{
    const int OffsetsPerRead = 1_024;
    const int BytesPerRead = 64 * 1_024;

    readonly byte[] _offsets = new byte[OffsetsPerRead * sizeof(long)];
    readonly TermBlock _terms = new();
    byte[] _bytes = new byte[BytesPerRead];
    long _bytesAt;
    int _bytesLength;

    /// <summary>The terms from a block on, each with the offset of its block. A term is valid until the next one is requested.</summary>
    public IEnumerable<(TermBlock Terms, long BlockAt)> From(long firstBlock)
    {
        for (var block = firstBlock; block < blockCount; block++)
        {
            var blockAt = OffsetOf(block, isFirst: block == firstBlock);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(Read(blockAt, RunFormat.TermBlockHeadBytes).Span);
            _terms.Open(Read(blockAt + RunFormat.TermBlockHeadBytes, length));
            while (_terms.MoveNext()) yield return (_terms, blockAt);
        }
    }

    long OffsetOf(long block, bool isFirst)
    {
        var at = (int)(block % OffsetsPerRead);
        if (isFirst || at == 0)
        {
            var count = (int)Math.Min(OffsetsPerRead - at, blockCount - block);
            ReadWhole(_offsets.AsSpan(at * sizeof(long), count * sizeof(long)), blocksAt + (block * sizeof(long)));
        }

        return BinaryPrimitives.ReadInt64LittleEndian(_offsets.AsSpan(at * sizeof(long)));
    }

    /// <summary>Reads bytes, and the bytes after them as well, because the next block follows unless a long list is between.</summary>
    ReadOnlyMemory<byte> Read(long fileOffset, int length)
    {
        if (fileOffset < _bytesAt || fileOffset + length > _bytesAt + _bytesLength)
        {
            if (length > _bytes.Length) _bytes = new byte[length * 2];
            _bytesAt = fileOffset;
            _bytesLength = (int)Math.Min(_bytes.Length, blocksAt - fileOffset);
            ReadWhole(_bytes.AsSpan(0, _bytesLength), fileOffset);
        }

        return _bytes.AsMemory((int)(fileOffset - _bytesAt), length);
    }

    void ReadWhole(Span<byte> bytes, long fileOffset)
    {
        if (file.Read(bytes, fileOffset) != bytes.Length) throw new LedgerIOException(file.Path, "read", "it is not what was written");
    }
}
