namespace Factstone;

/// <summary>What became of an append. Every answer but <see cref="Unknown"/> stands on state that was synced before it was given.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome() { }

    /// <summary>The receipt of a committed append or of the one that a repeat repeats; otherwise throws what the outcome says.</summary>
    /// <exception cref="AppendFailedException">Nothing is known to have been written.</exception>
    public AppendReceipt EnsureCommitted() => this switch
    {
        Committed committed => committed.Receipt,
        Duplicate duplicate => duplicate.Receipt,
        Conflict conflict => throw new AppendConflictException(conflict),
        AppendIdReused reused => throw new AppendIdReusedException(reused),
        Rejected rejected => throw new AppendRejectedException(rejected),
        Unknown unknown => throw new AppendUnknownException(unknown),
        _ => throw new InvalidOperationException("Not an outcome of an append."),
    };

    /// <summary>The facts and cells are durable.</summary>
    /// <param name="Receipt">Where they are.</param>
    public sealed record Committed(AppendReceipt Receipt) : AppendOutcome;

    /// <summary>A condition did not hold; nothing was written.</summary>
    /// <param name="Condition">The first failing one, in the order given.</param>
    /// <param name="ActualVersion">The last version of its stream; 0 when it has no fact, and of a condition on a cell or by query.</param>
    /// <param name="Facts">The facts that beat you, oldest first: of the stream, after the version that was expected; or those that match the query, after the position that was given. At most 256 or 1 MiB.</param>
    /// <param name="IsComplete">Whether those are all.</param>
    public sealed record Conflict(AppendCondition Condition, StreamVersion ActualVersion, IReadOnlyList<Fact> Facts, bool IsComplete) : AppendOutcome
    {
        /// <summary>Of a condition on a cell: how often the cell was written, deletes included; 0 when never. Otherwise 0.</summary>
        public CellVersion ActualCellVersion { get; init; }

        /// <summary>Of a condition by query: the position of the first fact that matches; otherwise 0.</summary>
        /// <remarks>Whoever decides again with <see cref="Facts"/>, where they are complete, has seen the query's facts up to the position of the last of them.</remarks>
        public Position FirstMatch { get; init; }
    }

    /// <summary>An append with this id was committed before; nothing was written now.</summary>
    /// <param name="Receipt">The first one's receipt, as it was.</param>
    public sealed record Duplicate(AppendReceipt Receipt) : AppendOutcome;

    /// <summary>The id was used before, by an append with other facts or cells; nothing was written now.</summary>
    /// <param name="AppendId">The id.</param>
    /// <param name="Receipt">The receipt of the append that has it.</param>
    /// <param name="Difference">Where the two first differ, as a phrase.</param>
    public sealed record AppendIdReused(string AppendId, AppendReceipt Receipt, string Difference) : AppendOutcome;

    /// <summary>A rule or a unique index refused it; nothing was written.</summary>
    /// <param name="By">The name of the rule or index.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Rejected(string By, string Reason) : AppendOutcome;

    /// <summary>The disk failed while it was being written: the append may or may not be there after the next open.</summary>
    /// <param name="AppendId">Its id, by which <c>FindAppendAsync</c> tells after a reopen; null where it had none.</param>
    /// <param name="FirstPosition">Where its first fact is if it is there.</param>
    /// <param name="LastPosition">Where its last fact is if it is there.</param>
    /// <param name="Cause">What failed.</param>
    public sealed record Unknown(string? AppendId, Position FirstPosition, Position LastPosition, FactstoneException Cause) : AppendOutcome;
}
