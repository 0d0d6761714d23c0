namespace Factstone.Storage;

/// <summary>Visits the cells of one part of the index, deletes included, in the order of their terms' bytes.</summary>
/// <remarks>Threads: one at a time. What it returns is valid until it moves.</remarks>
internal abstract class CellCursor
{
    /// <summary>The term of the cell, as in a run: kind, bucket, a zero, name.</summary>
    public abstract ReadOnlySpan<byte> Term { get; }

    /// <summary>Whether the newest write in this part gave it a value.</summary>
    public abstract bool HasValue { get; }

    public abstract bool MoveNext();

    public bool IsBefore(CellCursor other) => Term.SequenceCompareTo(other.Term) < 0;

    public bool IsWith(CellCursor other) => Term.SequenceEqual(other.Term);
}
