using System.Buffers;
using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes a run's bytes one behind the other, and keeps a checksum of each block.</summary>
internal sealed class RunOutput(IStorageFile file) : IDisposable
{
    /// <summary>
    /// Written by one call, at a multiple of itself. It is the size of a processor's large page: Linux keeps what is
    /// written like that in one such page, and maps it as one (ext4 since 6.16, XFS since 5.18), which takes up to a
    /// third off the time of a look into a large file.
    /// </summary>
    const int PieceBytes = 2 * 1_024 * 1_024;

    readonly List<uint> _checksums = [];
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
    long _flushed;
    int _length;

    /// <summary>How much of the buffer is in the checksums.</summary>
    int _summed;

    /// <summary>Where the next byte goes.</summary>
    public long FileOffset => _flushed + _length;

    /// <summary>Up to where the buffer is filled before it is written.</summary>
    int Room => PieceBytes - (int)(_flushed % PieceBytes);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_length == Room) Flush();
            var taken = Math.Min(bytes.Length, Room - _length);
            bytes[..taken].CopyTo(_buffer.AsSpan(_length));
            _length += taken;
            bytes = bytes[taken..];
            Sum();
        }
    }

    public void Write(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(bytes);
    }

    public void Write(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Write(bytes);
    }

    /// <summary>Zeros up to the next multiple.</summary>
    public void Align(int multiple)
    {
        Span<byte> zeros = stackalloc byte[RunFormat.BlockBytes];
        zeros.Clear();
        Write(zeros[..(int)((multiple - (FileOffset % multiple)) % multiple)]);
    }

    /// <summary>Writes out what is buffered, so that it can be read. Only at the end of a block, or of all blocks.</summary>
    public void Flush()
    {
        Sum();
        if (_summed < _length) AddChecksum(_length);
        file.Write(_buffer.AsSpan(0, _length), _flushed);
        _flushed += _length;
        (_length, _summed) = (0, 0);
    }

    /// <summary>Ends the blocks and writes their checksums.</summary>
    /// <returns>The checksum of the checksums.</returns>
    public uint WriteChecksums()
    {
        Flush();
        var bytes = new byte[_checksums.Count * sizeof(uint)];
        for (var i = 0; i < _checksums.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), _checksums[i]);
        file.Write(bytes, _flushed);
        _flushed += bytes.Length;
        return Crc32C.Of(bytes);
    }

    /// <summary>Writes what no block is, and no checksum covers but its own.</summary>
    public void WriteFooter(ReadOnlySpan<byte> footer)
    {
        file.Write(footer, _flushed);
        _flushed += footer.Length;
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Takes each whole block into the checksums while the processor has it at hand.</summary>
    void Sum()
    {
        while (_length - _summed >= RunFormat.BlockBytes) AddChecksum(_summed + RunFormat.BlockBytes);
    }

    void AddChecksum(int end)
    {
        _checksums.Add(Crc32C.Of(_buffer.AsSpan(_summed..end)));
        _summed = end;
    }
}
