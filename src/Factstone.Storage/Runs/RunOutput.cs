using System.Buffers;
using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes the bytes of a run sequentially, and computes a checksum of each block.</summary>
/// <remarks>Memory: a few buffers. Checksums that do not fit in a buffer are in the scratch space until the end.</remarks>
internal sealed class RunOutput : IDisposable
{
    /// <summary>
    /// The number of bytes that one call writes, at an offset that is a multiple of it. It is the size of a processor's large
    /// page. Linux keeps data that is written like that in one such page, and maps it as one (ext4 since 6.16, XFS since
    /// 5.18), which makes a lookup in a large file up to a third faster.
    /// </summary>
    const int PieceBytes = 2 * 1_024 * 1_024;

    readonly IStorageFile _file;
    readonly RunSpool _checksums;
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
    long _flushed;
    long _writtenBack;
    int _length;

    /// <summary>The number of bytes of the buffer that the checksums already cover.</summary>
    int _summed;

    public RunOutput(IStorageFile file, RunMemory memory)
    {
        _file = file;
        Scratch = new RunScratch(file, memory);
        _checksums = new RunSpool(Scratch);
    }

    /// <summary>Space for bytes that are needed again before the run is finished.</summary>
    public RunScratch Scratch { get; }

    /// <summary>The offset of the next byte.</summary>
    public long FileOffset => _flushed + _length;

    /// <summary>The number of bytes in the buffer at which it is written.</summary>
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

    /// <summary>Writes zeros up to the next multiple.</summary>
    public void Align(int multiple)
    {
        Span<byte> zeros = stackalloc byte[RunFormat.BlockBytes];
        zeros.Clear();
        Write(zeros[..(int)((multiple - (FileOffset % multiple)) % multiple)]);
    }

    /// <summary>Writes the buffer, so that its bytes can be read. Only at the end of a block, or of all blocks.</summary>
    public void Flush()
    {
        Sum();
        if (_summed < _length) AddChecksum(_length);
        WriteOut(_buffer.AsSpan(0, _length));
        WriteBack();
        (_length, _summed) = (0, 0);
    }

    /// <summary>Writes the bytes of a spool in the order in which they were added, some at a step.</summary>
    public IEnumerable<int> Write(RunSpool spool)
    {
        foreach (var piece in spool.Read())
        {
            Write(piece.Span);
            if (piece.Length == Scratch.ChunkBytes) yield return 0;
        }
    }

    /// <summary>Ends the blocks and writes their checksums. The file ends with these after <see cref="RunScratch.CutOff"/>.</summary>
    /// <returns>The checksum of the checksums.</returns>
    public uint WriteChecksums()
    {
        Flush();
        Scratch.MakeRoom(_flushed + _checksums.Bytes);
        var checksum = Crc32C.Of([]);
        foreach (var piece in _checksums.Read())
        {
            checksum = Crc32C.Continue(checksum, piece.Span);
            WriteOut(piece.Span);
        }

        return checksum;
    }

    /// <summary>Writes the footer, which is not part of a block, and which only its own checksum covers.</summary>
    public void WriteFooter(ReadOnlySpan<byte> footer) => WriteOut(footer);

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Computes the checksum of each whole block while its bytes are in the processor's cache.</summary>
    void Sum()
    {
        while (_length - _summed >= RunFormat.BlockBytes) AddChecksum(_summed + RunFormat.BlockBytes);
    }

    void AddChecksum(int end)
    {
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Of(_buffer.AsSpan(_summed..end)));
        _checksums.Write(checksum);
        _summed = end;
    }

    /// <summary>
    /// Starts to write the last piece to the disk, after the pieces before it are there. Otherwise the system writes all of
    /// a large run at once, later, and a sync of the log waits for it. A run needs no sync: its checksums show what the disk
    /// has not written.
    /// </summary>
    void WriteBack()
    {
        if (_flushed - _writtenBack < PieceBytes) return;
        if (_writtenBack > 0) _file.WaitForWriteBack(0, _writtenBack);
        _file.StartWriteBack(_writtenBack, _flushed - _writtenBack);
        _writtenBack = _flushed;
    }

    void WriteOut(ReadOnlySpan<byte> bytes)
    {
        Scratch.MakeRoom(_flushed + bytes.Length);
        _file.Write(bytes, _flushed);
        _flushed += bytes.Length;
    }
}
