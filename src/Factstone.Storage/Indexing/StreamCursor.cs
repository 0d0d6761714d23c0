using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Goes through the streams of a store in one part, in the order of their keys' bytes.</summary>
/// <remarks>Threads: one at a time. What it returns is valid until it moves.</remarks>
internal abstract class StreamCursor
{
    /// <summary>The first bytes of the key as a number that has their order, so that most keys are told apart without a look at them.</summary>
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

    /// <summary>Whether it stands at the same key.</summary>
    public bool IsWith(StreamCursor other) => _start == other._start && Key.SequenceEqual(other.Key);

    /// <summary>The stream's last place here at or below a position; default when it has none.</summary>
    public abstract Location LastLocation(Position until);

    protected abstract bool Move();
}
