using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes a run's bytes one behind the other, and keeps a checksum of each block.</summary>
internal sealed class RunOutput(IStorageFile file)
{
    const int BufferBytes = 16 * RunFormat.BlockBytes;

    readonly byte[] _buffer = new byte[BufferBytes];
    readonly List<uint> _checksums = [];
    long _flushed;
    int _length;

    /// <summary>Where the next byte goes.</summary>
    public long FileOffset => _flushed + _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_length == _buffer.Length) Flush();
            var taken = Math.Min(bytes.Length, _buffer.Length - _length);
            bytes[..taken].CopyTo(_buffer.AsSpan(_length));
            _length += taken;
            bytes = bytes[taken..];
        }
    }

    public void Write(uint value)
    {
        if (_buffer.Length - _length >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_length), value);
            _length += sizeof(uint);
            return;
        }

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
        var bytes = _buffer.AsSpan(0, _length);
        for (var at = 0; at < bytes.Length; at += RunFormat.BlockBytes)
            _checksums.Add(Crc32C.Of(bytes[at..Math.Min(at + RunFormat.BlockBytes, bytes.Length)]));
        file.Write(bytes, _flushed);
        _flushed += _length;
        _length = 0;
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
}
