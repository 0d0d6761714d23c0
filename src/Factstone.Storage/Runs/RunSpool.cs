namespace Factstone.Storage;

/// <summary>Bytes that are read in the order in which they were written. Bytes that do not fit in one buffer are in the scratch space of the run.</summary>
internal sealed class RunSpool(RunScratch scratch)
{
    const int BufferBytesMin = 256;

    readonly List<ScratchChunk> _chunks = [];
    byte[] _buffer = [];
    int _length;

    /// <summary>The number of bytes that were written.</summary>
    public long Bytes => ((long)_chunks.Count * scratch.ChunkBytes) + _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_length == scratch.ChunkBytes)
            {
                _chunks.Add(scratch.Write(_buffer));
                _length = 0;
            }

            var taken = Math.Min(bytes.Length, scratch.ChunkBytes - _length);
            if (_length + taken > _buffer.Length) Array.Resize(ref _buffer, Math.Min(Math.Max(Math.Max(_buffer.Length * 2, _length + taken), BufferBytesMin), scratch.ChunkBytes));
            bytes[..taken].CopyTo(_buffer.AsSpan(_length));
            _length += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>All bytes, one piece at a time. Each piece is valid until the next one is requested.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        if (_chunks.Count > 0)
        {
            var piece = new byte[scratch.ChunkBytes];
            foreach (var chunk in _chunks) yield return scratch.Read(chunk, piece);
        }

        if (_length > 0) yield return _buffer.AsMemory(0, _length);
    }

    /// <summary>Removes all bytes.</summary>
    public void Clear()
    {
        foreach (var chunk in _chunks) scratch.Free(chunk);
        _chunks.Clear();
        _length = 0;
    }
}
