namespace Factstone.Storage;

/// <summary>Goes through the cells of one part of the index, deletes included, in the order of their terms' bytes.</summary>
/// <remarks>Threads: one at a time. What it shows is valid until it moves.</remarks>
internal abstract class CellCursor
{
    /// <summary>The cell as a run names it: kind, bucket, a zero, name.</summary>
    public abstract ReadOnlySpan<byte> Term { get; }

    /// <summary>Whether the newest write here gave it a value.</summary>
    public abstract bool HasValue { get; }

    public abstract bool MoveNext();

    public bool IsBefore(CellCursor other) => Term.SequenceCompareTo(other.Term) < 0;

    public bool IsWith(CellCursor other) => Term.SequenceEqual(other.Term);
}
