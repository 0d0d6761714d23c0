using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>What became of an append. The state that decided any outcome but <see cref="Unknown"/> was synced before the outcome was returned.</summary>
[JsonConverter(typeof(LedgerJsonConverter))]
public abstract record AppendOutcome
{
    private AppendOutcome() { }

    /// <summary>The receipt of an append that is in the ledger: committed now, or before under the same append id. For other outcomes, throws an exception that describes it.</summary>
    /// <remarks>A repeat passes: for a <see cref="Duplicate"/> it is the receipt of the first append. Match <see cref="Committed"/> where only the first may go on.</remarks>
    /// <exception cref="AppendFailedException">The append is not known to be committed.</exception>
    public AppendReceipt EnsureCommittedOrDuplicate() => this switch
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
    /// <param name="Receipt">Their positions, versions and time.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record Committed(AppendReceipt Receipt) : AppendOutcome;

    /// <summary>A condition did not hold; nothing was written.</summary>
    /// <param name="Condition">The first failing one, in the order given.</param>
    /// <param name="ActualVersion">The last version of its stream. 0 if the stream has no fact, or if the condition is on a cell or by query.</param>
    /// <param name="Facts">The facts that caused the conflict, oldest first: those of the stream after the expected version, or those that match the query after the given position. At most 256 facts or 1 MiB.</param>
    /// <param name="IsComplete">Whether <paramref name="Facts"/> has all of them.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record Conflict(AppendCondition Condition, StreamVersion ActualVersion, IReadOnlyList<Fact> Facts, bool IsComplete) : AppendOutcome
    {
        /// <summary>For a condition on a cell: the number of writes of the cell, deletes included; 0 if there were none. Otherwise 0.</summary>
        public CellVersion ActualCellVersion { get; init; }

        /// <summary>For a condition by query: the position of the first fact that matches; otherwise 0.</summary>
        /// <remarks>If <see cref="Facts"/> is complete, it has all matching facts up to the position of its last one, so the caller can decide again without a read.</remarks>
        public Position FirstMatch { get; init; }

        /// <summary>For a condition by query after a position: facts that match and come after it were dropped since; null if none were. Then <see cref="Facts"/> is not complete: read again, and state the new position.</summary>
        public DroppedFacts? RetentionPassed { get; init; }

        /// <summary>A sentence: the condition, and what is there instead.</summary>
        public override string ToString() => $"Nothing was appended: the condition '{Condition}' does not hold; {Actual}.";

        string Actual
        {
            get
            {
                if (RetentionPassed is { } dropped) return $"facts that match were dropped: {dropped}";
                if (Condition.Query is not null) return $"the fact at position {FirstMatch} matches";
                return Condition.IsOnCell ? $"the cell is at version {ActualCellVersion}" : $"the stream is at version {ActualVersion}";
            }
        }
    }

    /// <summary>An append with this id was committed before; nothing was written now.</summary>
    /// <param name="Receipt">The receipt of the first append, unchanged.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record Duplicate(AppendReceipt Receipt) : AppendOutcome
    {
        /// <summary>The first field that differs from the first append, as in <see cref="AppendIdReused"/>; null if the content is the same. Never set with <see cref="RepeatPolicy.SameContent"/>.</summary>
        public string? Difference { get; init; }
    }

    /// <summary>The id was used before, by an append with other facts or cells, and the request asked for <see cref="RepeatPolicy.SameContent"/>; nothing was written now.</summary>
    /// <param name="AppendId">The id.</param>
    /// <param name="Receipt">The receipt of the append that has it.</param>
    /// <param name="Difference">The first field that differs, by the names of <see cref="AppendRequest"/>, <see cref="NewFact"/> and <see cref="NewCell"/>: <c>facts.count</c>, <c>facts[1].payload</c>, <c>facts[0].validFrom</c>, <c>cells.count</c>, <c>cells[0].value</c>. Indices are from 0.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record AppendIdReused(string AppendId, AppendReceipt Receipt, string Difference) : AppendOutcome;

    /// <summary>A rule or a unique index refused the append; nothing was written.</summary>
    /// <param name="By">The name of the rule or index.</param>
    /// <param name="Reason">Why.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record Rejected(string By, string Reason) : AppendOutcome;

    /// <summary>The disk failed during the write: the append may or may not exist after the next open.</summary>
    /// <param name="AppendId">Its id, with which <c>FindAppendAsync</c> answers after a reopen; null if it had none.</param>
    /// <param name="FirstPosition">The position of its first fact, if the append exists.</param>
    /// <param name="LastPosition">The position of its last fact, if the append exists.</param>
    /// <param name="Cause">What failed.</param>
    [JsonConverter(typeof(LedgerJsonConverter))]
    public sealed record Unknown(string? AppendId, Position FirstPosition, Position LastPosition, FactstoneException Cause) : AppendOutcome;
}
