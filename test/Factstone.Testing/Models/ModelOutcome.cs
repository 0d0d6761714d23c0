namespace Factstone.Testing;

/// <summary>The answer of a <see cref="ModelLedger"/> to an append.</summary>
public abstract record ModelOutcome
{
    private ModelOutcome() { }

    /// <summary>Null if a ledger's outcome equals this one, including versions and facts; otherwise the difference.</summary>
    /// <param name="model">The model that gave this outcome.</param>
    /// <param name="actual">The ledger's outcome.</param>
    public string? Difference(ModelLedger model, AppendOutcome actual)
    {
        ArgumentNullException.ThrowIfNull(model);
        return (this, actual) switch
        {
            (Committed expected, AppendOutcome.Committed committed) => Difference(model, expected.Append, committed.Receipt),
            (Duplicate expected, AppendOutcome.Duplicate duplicate) => Difference(model, expected.Append, duplicate.Receipt) ?? Differs(expected.FieldThatDiffers, duplicate.Difference),
            (AppendIdReused expected, AppendOutcome.AppendIdReused reused) => Difference(model, expected.Append, reused.Receipt) ?? Differs(expected.FieldThatDiffers, reused.Difference),
            (Conflict expected, AppendOutcome.Conflict conflict) => expected.Difference(conflict),
            _ => $"{actual} instead of {this}",
        };
    }

    /// <summary>Null if a receipt agrees with the model's append; otherwise the difference.</summary>
    public static string? Difference(ModelLedger model, ModelAppend append, AppendReceipt? actual)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(append);
        var isSame = actual is not null && actual.FirstPosition == append.First && actual.LastPosition == append.Last
            && (actual.RecordedAt - DateTimeOffset.UnixEpoch).Ticks == append.RecordedAtMicroseconds * 10 && actual.Versions.SequenceEqual(model.VersionsOf(append))
            && actual.CellVersions.SequenceEqual(model.CellsOf(append).Select(cell => new CellAndVersion(cell.Proposed.Cell, cell.Version)));
        return isSame ? null : $"the receipt {actual} instead of {append} with {string.Join(", ", model.VersionsOf(append))}";
    }

    static string? Differs(string? expected, string? actual) => expected == actual ? null : $"the difference '{actual}' instead of '{expected}'";

    /// <summary>The append is kept.</summary>
    /// <param name="Append">The append.</param>
    public sealed record Committed(ModelAppend Append) : ModelOutcome;

    /// <summary>A condition does not hold.</summary>
    /// <param name="Index">The index of the condition, in the order given, from 0.</param>
    /// <param name="Condition">The condition.</param>
    /// <param name="ActualVersion">The last version of its stream.</param>
    /// <param name="Facts">All facts that the caller did not expect, without the limits of an outcome.</param>
    public sealed record Conflict(int Index, AppendCondition Condition, StreamVersion ActualVersion, IReadOnlyList<ModelFact> Facts) : ModelOutcome
    {
        /// <summary>For a condition on a cell: the number of its writes; otherwise 0.</summary>
        public CellVersion ActualCellVersion { get; init; }

        internal string? Difference(AppendOutcome.Conflict actual)
        {
            if (actual.ActualCellVersion != ActualCellVersion) return $"version {actual.ActualCellVersion} of cell {Condition.Cell} instead of {ActualCellVersion}";
            if (!ReferenceEquals(actual.Condition, Condition) && actual.Condition != Condition) return $"the condition '{actual.Condition}' instead of '{Condition}'";
            if (actual.ActualVersion != ActualVersion) return $"version {actual.ActualVersion} of {Condition.Stream} instead of {ActualVersion}";
            if (Condition.Query is not null && actual.FirstMatch != Facts[0].Position) return $"the first match at {actual.FirstMatch} instead of {Facts[0].Position}";
            if (actual.IsComplete) return ModelFact.Difference(Facts, actual.Facts);
            if (actual.Facts.Count >= Facts.Count) return "all facts of the conflict, and yet it says that they are not all";
            return IsFull(actual.Facts, Facts[actual.Facts.Count]) ? ModelFact.Difference([.. Facts.Take(actual.Facts.Count)], actual.Facts) : $"{actual.Facts.Count} facts of {Facts.Count}, where more have room";
        }

        /// <summary>Whether an outcome cannot contain a further fact. Headers are not in the model, so they count with their maximal length.</summary>
        static bool IsFull(IReadOnlyList<Fact> facts, ModelFact next)
        {
            var bytes = facts.Sum(fact => (long)fact.Header.Length + fact.Payload.Length + (fact.Metadata?.Length * 3 ?? 0));
            return facts.Count == FactLimits.ConflictFactsMax
                || bytes + next.Proposed.Payload.Length + ((next.Proposed.Metadata?.Length ?? 0) * 3) + FactLimits.HeaderBytesMax > FactLimits.ConflictBytesMax;
        }
    }

    /// <summary>The append is a repeat.</summary>
    /// <param name="Append">The append that has its id.</param>
    /// <param name="FieldThatDiffers">As in <see cref="AppendOutcome.Duplicate.Difference"/>; null if the content is the same.</param>
    public sealed record Duplicate(ModelAppend Append, string? FieldThatDiffers) : ModelOutcome;

    /// <summary>The id belongs to an append with other content.</summary>
    /// <param name="Append">That append.</param>
    /// <param name="FieldThatDiffers">As in <see cref="AppendOutcome.AppendIdReused"/>.</param>
    public sealed record AppendIdReused(ModelAppend Append, string FieldThatDiffers) : ModelOutcome;
}
