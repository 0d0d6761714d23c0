using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The content of a file as one piece of memory, like a mapping: later writes are visible in it.</summary>
internal sealed class LiveBytes(SparseBytes seen)
{
    /// <summary>The bytes after the end of a file. A reader whose span reaches there after a cut must not take them for zeros.</summary>
    const byte Beyond = 0xDB;

    /// <summary>Space for a file to grow in, so that an earlier span sees the new bytes.</summary>
    const int Room = 64 * 1_024;

    byte[] _bytes = [];

    public ReadOnlySpan<byte> At(long offset, int length)
    {
        if (_bytes.Length < offset + length) Load(seen.Length + Room);
        return _bytes.AsSpan((int)offset, length);
    }

    /// <summary>Called after a write to a range of the file.</summary>
    public void Refresh(long offset, long length)
    {
        var count = Math.Min(length, _bytes.Length - offset);
        if (count > 0) _ = seen.Read(_bytes.AsSpan((int)offset, (int)count), offset);
    }

    /// <summary>Called after the file was cut or has grown.</summary>
    public void Resized(long before, long now)
    {
        if (now > before) Refresh(before, now - before);
        else if (now < _bytes.Length) _bytes.AsSpan((int)now, (int)(Math.Min(before, _bytes.Length) - now)).Fill(Beyond);
    }

    void Load(long length)
    {
        _bytes = new byte[length];
        var read = seen.Read(_bytes, 0);
        _bytes.AsSpan(read).Fill(Beyond);
    }
}
