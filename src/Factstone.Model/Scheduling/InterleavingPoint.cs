namespace Factstone;

/// <summary>Points where another thread may run in production. A simulation lets other workers take steps there.</summary>
internal enum InterleavingPoint
{
    /// <summary>Between two pages of a read, when nothing is held.</summary>
    BetweenPages = 1,

    /// <summary>While an append is prepared on its caller's thread.</summary>
    Preparing,

    /// <summary>A part of the index in memory is complete and the next one is known to readers, but not yet the one that grows.</summary>
    Freezing,

    /// <summary>Between the choice of space that is zeroed and the write of the zeros.</summary>
    Zeroing,

    /// <summary>A group is written and not synced.</summary>
    GroupWritten,

    /// <summary>A group is durable and in the index, and the head is not published.</summary>
    Publishing,
}
