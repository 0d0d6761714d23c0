using System.Buffers;

namespace Factstone.Storage;

/// <summary>A stretch of a segment in memory, which moves with its reader. The buffer is rented, unless it is larger than usual.</summary>
internal sealed class FileWindow(int bytesMin, int bytesMax) : IDisposable
{
    byte[] _buffer = [];
    Segment? _segment;
    long _start;
    int _length;
    int _ahead;

    /// <summary>At least <paramref name="bytes"/> bytes from an offset on; fewer only at the end of the segment, more if they are in memory already.</summary>
    public ReadOnlySpan<byte> At(Segment segment, long fileOffset, int bytes)
    {
        var isHere = _segment == segment && fileOffset >= _start && fileOffset + bytes <= _start + _length;
        if (!isHere) Load(segment, fileOffset, bytes);
        var at = (int)(fileOffset - _start);
        return at >= _length ? [] : _buffer.AsSpan(at, _length - at);
    }

    /// <summary>Drops the buffered bytes, because the segment may have changed.</summary>
    public void Forget() => _segment = null;

    void Load(Segment segment, long fileOffset, int bytes)
    {
        // A sequential reader gets more at a time; a reader that jumps starts with a small stretch again.
        var readsOn = _segment == segment && fileOffset >= _start && fileOffset <= _start + _length;
        _ahead = readsOn ? Math.Min(_ahead * 2, bytesMax) : bytesMin;
        var wanted = Math.Max(bytes, _ahead);
        if (_buffer.Length < wanted)
        {
            Return();
            _buffer = wanted <= bytesMax ? ArrayPool<byte>.Shared.Rent(wanted) : GC.AllocateUninitializedArray<byte>(wanted);
        }

        _segment = null;
        _length = segment.Read(_buffer.AsSpan(0, wanted), fileOffset);
        _start = fileOffset;
        _segment = segment;
    }

    public void Dispose()
    {
        Return();
        _segment = null;
        _length = 0;
    }

    /// <summary>Gives the buffer back, unless it was made for one large fact or cell: the pool would keep it for this thread.</summary>
    void Return()
    {
        if (_buffer.Length > 0 && _buffer.Length <= bytesMax) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
