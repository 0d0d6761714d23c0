namespace Factstone.Storage;

/// <summary>Space in the file of a run that is being written, far after its end, for bytes that are needed again before the run is finished.</summary>
/// <remarks>
/// The space is a part of the run's file, so that a crash leaves no other file. It is cut off before the footer is
/// written. A file that still has it ends without a footer, and an open removes it like any other unfinished run.
/// Between the end of the run and the scratch space is a gap, which takes no space if the file system has sparse files.
/// A read returns what was written, or throws. Memory: 12 bytes for each chunk.
/// </remarks>
internal sealed class RunScratch(IStorageFile file, RunMemory memory)
{
    const long CutBytesPerStep = 64 * 1_024 * 1_024;

    readonly Stack<int> _free = new();
    long _begin = memory.ScratchBegin;
    int _chunks;

    /// <summary>Bytes of a chunk, the unit of reads and writes.</summary>
    public int ChunkBytes => memory.ChunkBytes;

    /// <summary>Writes a chunk.</summary>
    /// <param name="bytes">Its bytes; at most <see cref="ChunkBytes"/>.</param>
    public ScratchChunk Write(ReadOnlySpan<byte> bytes)
    {
        Invariant.Holds(bytes.Length <= ChunkBytes);
        var number = _free.Count > 0 ? _free.Pop() : _chunks++;
        file.Write(bytes, At(number));
        return new ScratchChunk(number, bytes.Length, Crc32C.Of(bytes));
    }

    /// <summary>Reads a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="buffer">Memory for <see cref="ChunkBytes"/>.</param>
    /// <returns>Its bytes.</returns>
    public ReadOnlyMemory<byte> Read(in ScratchChunk chunk, Memory<byte> buffer)
    {
        var bytes = buffer[..chunk.Length];
        if (file.Read(bytes.Span, At(chunk.Number)) != bytes.Length || Crc32C.Of(bytes.Span) != chunk.Checksum)
            throw new LedgerIOException(file.Path, "read", "it is not what was written");
        return bytes;
    }

    /// <summary>Frees the space of a chunk for another one.</summary>
    public void Free(in ScratchChunk chunk) => _free.Push(chunk.Number);

    /// <summary>Moves the scratch space if the run needs its place.</summary>
    /// <param name="end">The offset up to which the run will be written.</param>
    public void MakeRoom(long end)
    {
        if (end <= _begin) return;
        var begin = Math.Max(2 * end, At(_chunks));
        var bytes = new byte[ChunkBytes];
        for (var chunk = 0; chunk < _chunks; chunk++)
        {
            var offset = (long)chunk * ChunkBytes;
            var read = file.Read(bytes, _begin + offset); // the last chunk may be shorter
            file.Write(bytes.AsSpan(0, read), begin + offset);
        }

        _begin = begin;
    }

    /// <summary>Ends the file at the end of the run. A step cuts off a part of the space, because the system takes a while to release much of it.</summary>
    public IEnumerable<int> CutOff(long end)
    {
        if (_chunks == 0) yield break;
        for (var left = At(_chunks) - CutBytesPerStep; left > _begin; left -= CutBytesPerStep)
        {
            file.SetLength(left);
            yield return 0;
        }

        file.SetLength(end);
    }

    long At(int number) => _begin + ((long)number * ChunkBytes);
}

/// <summary>A chunk of scratch space.</summary>
/// <param name="Number">Its number in the scratch space.</param>
/// <param name="Length">The number of its bytes.</param>
/// <param name="Checksum">The CRC-32C of its bytes.</param>
internal readonly record struct ScratchChunk(int Number, int Length, uint Checksum);
