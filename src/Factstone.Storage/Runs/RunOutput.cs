using System.Buffers;
using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes a run's bytes one behind the other, and keeps a checksum of each block.</summary>
/// <remarks>Memory: a few buffers. Checksums that a buffer cannot hold are in the scratch space until the end.</remarks>
internal sealed class RunOutput : IDisposable
{
    /// <summary>
    /// Written by one call, at a multiple of itself. It is the size of a processor's large page: Linux keeps what is
    /// written like that in one such page, and maps it as one (ext4 since 6.16, XFS since 5.18), which takes up to a
    /// third off the time of a look into a large file.
    /// </summary>
    const int PieceBytes = 2 * 1_024 * 1_024;

    readonly IStorageFile _file;
    readonly RunSpool _checksums;
    byte[] _buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
    long _flushed;
    long _writtenBack;
    int _length;

    /// <summary>How much of the buffer is in the checksums.</summary>
    int _summed;

    public RunOutput(IStorageFile file, RunMemory memory)
    {
        _file = file;
        Scratch = new RunScratch(file, memory);
        _checksums = new RunSpool(Scratch);
    }

    /// <summary>For what is needed again before the run is whole.</summary>
    public RunScratch Scratch { get; }

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
        WriteOut(_buffer.AsSpan(0, _length));
        WriteBack();
        (_length, _summed) = (0, 0);
    }

    /// <summary>Writes bytes that are read in the order of their writing, some at a step.</summary>
    public IEnumerable<int> Write(RunSpool spool)
    {
        foreach (var piece in spool.Read())
        {
            Write(piece.Span);
            if (piece.Length == Scratch.ChunkBytes) yield return 0;
        }
    }

    /// <summary>Ends the blocks and writes their checksums, with which the file ends after <see cref="RunScratch.CutOff"/>.</summary>
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

    /// <summary>Writes what no block is, and no checksum covers but its own.</summary>
    public void WriteFooter(ReadOnlySpan<byte> footer) => WriteOut(footer);

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
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Of(_buffer.AsSpan(_summed..end)));
        _checksums.Write(checksum);
        _summed = end;
    }

    /// <summary>
    /// Keeps one piece on its way to the disk. Without this the system writes all of a large run at once, later, and a sync
    /// of the log waits behind it. A run needs no sync: its checksums show what the disk has not written.
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
