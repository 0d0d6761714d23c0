using System.Buffers;

namespace Factstone.Storage;

/// <summary>A stretch of a file in memory, which moves with its reader; the buffer is rented.</summary>
internal sealed class FileWindow(int bytesMin, int bytesMax) : IDisposable
{
    byte[] _buffer = [];
    IStorageFile? _file;
    long _start;
    int _length;
    int _ahead;

    /// <summary>At least <paramref name="bytes"/> bytes from an offset on; fewer only at the end of the file, more if they are in memory already.</summary>
    public ReadOnlySpan<byte> At(IStorageFile file, long fileOffset, int bytes)
    {
        var isHere = _file == file && fileOffset >= _start && fileOffset + bytes <= _start + _length;
        if (!isHere) Load(file, fileOffset, bytes);
        var at = (int)(fileOffset - _start);
        return at >= _length ? [] : _buffer.AsSpan(at, _length - at);
    }

    /// <summary>Drops the buffered bytes, because the file may have changed.</summary>
    public void Forget() => _file = null;

    void Load(IStorageFile file, long fileOffset, int bytes)
    {
        // A sequential reader gets more at a time; a reader that jumps starts with a small stretch again.
        var readsOn = _file == file && fileOffset >= _start && fileOffset <= _start + _length;
        _ahead = readsOn ? Math.Min(_ahead * 2, bytesMax) : bytesMin;
        var wanted = Math.Max(bytes, _ahead);
        if (_buffer.Length < wanted)
        {
            if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(wanted);
        }

        _file = null;
        _length = file.Read(_buffer.AsSpan(0, wanted), fileOffset);
        _start = fileOffset;
        _file = file;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _file = null;
        _length = 0;
    }
}
