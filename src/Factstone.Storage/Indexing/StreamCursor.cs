using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Visits the streams of a store in one part, in the order of the bytes of their keys.</summary>
/// <remarks>Threads: one at a time. A returned value is valid until the cursor moves.</remarks>
internal abstract class StreamCursor
{
    /// <summary>The first bytes of the key as a number with the same order, so that most keys are compared without reading them.</summary>
    ulong _start;

    /// <summary>The key in UTF-8.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    public bool MoveNext()
    {
        if (!Move()) return false;
        var key = Key;
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        if (key.Length >= start.Length) _start = BinaryPrimitives.ReadUInt64BigEndian(key);
        else
        {
            start.Clear();
            key.CopyTo(start);
            _start = BinaryPrimitives.ReadUInt64BigEndian(start);
        }

        return true;
    }

    public bool IsBefore(StreamCursor other) => _start != other._start ? _start < other._start : Key.SequenceCompareTo(other.Key) < 0;

    /// <summary>Whether both cursors are at the same key.</summary>
    public bool IsWith(StreamCursor other) => _start == other._start && Key.SequenceEqual(other.Key);

    /// <summary>The last location of the stream in this part at or below a position; default when there is none.</summary>
    public abstract Location LastLocation(Position until);

    protected abstract bool Move();
}
