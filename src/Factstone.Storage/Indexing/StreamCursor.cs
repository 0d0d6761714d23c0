namespace Factstone.Storage;

/// <summary>Goes through the streams of a store in one part, in the order of their keys' bytes.</summary>
/// <remarks>Threads: one at a time. What it shows is valid until it moves.</remarks>
internal abstract class StreamCursor
{
    /// <summary>The key in UTF-8.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    public abstract bool MoveNext();

    /// <summary>The stream's last place here at or below a position; default when it has none.</summary>
    public abstract StreamState StateAt(Position until);
}
