namespace Factstone;

/// <summary>Places where another thread may run in production. A simulation lets other workers take steps there.</summary>
internal enum InterleavingPoint
{
    /// <summary>Between two pages of a read, when no reference is held.</summary>
    BetweenPages = 1,

    /// <summary>During the preparation of an append on its caller's thread.</summary>
    Preparing,

    /// <summary>A memory part of the index is complete and readers know the next one, which does not grow yet.</summary>
    Freezing,

    /// <summary>Between the choice of space to be zeroed and the write of the zeros.</summary>
    Zeroing,

    /// <summary>A group is written but not synced.</summary>
    GroupWritten,

    /// <summary>A group is durable and in the index, but the head is not published.</summary>
    Publishing,
}
