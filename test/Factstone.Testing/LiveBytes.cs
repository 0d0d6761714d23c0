using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The content of a file as one piece of memory, as a mapping shows it: what is written is written here too.</summary>
internal sealed class LiveBytes(SparseBytes seen)
{
    /// <summary>What stands behind the end of a file: a reader whose span reaches there after a cut must not take it for zeros.</summary>
    const byte Beyond = 0xDB;

    /// <summary>Room for a file to grow in, so that a span taken before follows it.</summary>
    const int Room = 64 * 1_024;

    byte[] _bytes = [];

    public ReadOnlySpan<byte> At(long offset, int length)
    {
        if (_bytes.Length < offset + length) Load(seen.Length + Room);
        return _bytes.AsSpan((int)offset, length);
    }

    /// <summary>A range of the file was written.</summary>
    public void Refresh(long offset, long length)
    {
        var count = Math.Min(length, _bytes.Length - offset);
        if (count > 0) _ = seen.Read(_bytes.AsSpan((int)offset, (int)count), offset);
    }

    /// <summary>The file was cut, or grew.</summary>
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
