namespace Factstone;

/// <summary>Adds the facts that caused a conflict to the outcome, so that the caller can decide again without a second read.</summary>
internal static class ConflictAnswer
{
    public static AppendOutcome.Conflict For(AppendDecision.Conflict decision, IFactReading reading)
    {
        var (condition, actual) = (decision.Condition, decision.Actual);
        if (condition.IsOnCell) return new AppendOutcome.Conflict(condition, StreamVersion.None, [], IsComplete: true) { ActualCellVersion = decision.ActualCellVersion };

        DroppedFacts? passed = null;
        var dropped = DroppedFilter.Of(reading, range => passed ??= range);
        if (condition.Query is { } query)
        {
            // No fact matches, but an append that the caller counted on was not accepted.
            if (decision.FirstMatch == Position.None) return new AppendOutcome.Conflict(condition, StreamVersion.None, [], IsComplete: false);

            // No fact before the first match matches, so the search starts there.
            var matching = Bounded(reading.ReadQuery(query, new Position(decision.FirstMatch.Value - 1), decision.Until, backward: false), dropped, out var areAll);
            var retentionPassed = condition.After is null ? null : passed;
            return new AppendOutcome.Conflict(condition, StreamVersion.None, matching, areAll && retentionPassed is null) { FirstMatch = decision.FirstMatch, RetentionPassed = retentionPassed };
        }

        var isComplete = true;
        var facts = ExpectedVersion(condition, actual) is { } expected && actual.Version > expected
            ? Bounded(Beating(condition.Stream, expected, actual, reading), dropped, out isComplete)
            : [];
        return new AppendOutcome.Conflict(condition, actual.Version, facts, isComplete && passed is null);
    }

    /// <summary>The facts of a stream after a version. Most conflicts are caused by one fact, whose location is known.</summary>
    static IEnumerable<Fact> Beating(StreamName stream, StreamVersion expected, in StreamState actual, IFactReading reading) =>
        actual.Version == expected.Next() && reading.ReadAt(actual.Position) is { } only && only.StreamVersion == actual.Version && only.Stream == stream
            ? [only]
            : reading.ReadStream(stream, expected.Next(), actual.Position, backward: false);

    /// <summary>As many facts as an outcome may contain.</summary>
    static List<Fact> Bounded(IEnumerable<Fact> beating, DroppedFilter? dropped, out bool areAll)
    {
        var facts = new List<Fact>();
        var bytes = 0L;
        areAll = true;
        foreach (var fact in beating)
        {
            if (dropped?.IsDropped(fact) == true) continue;
            bytes += fact.Header.Length + fact.Payload.Length + fact.MetadataBytes.Length;
            areAll = facts.Count < FactLimits.ConflictFactsMax && bytes <= FactLimits.ConflictBytesMax;
            if (!areAll) break;
            facts.Add(fact);
        }

        return facts;
    }

    /// <summary>The version after which the unexpected facts begin; null if there are none.</summary>
    static StreamVersion? ExpectedVersion(AppendCondition condition, StreamState actual) => condition.Kind switch
    {
        AppendConditionKind.StreamAt or AppendConditionKind.RecordAt => condition.Version,
        AppendConditionKind.StreamMissing => StreamVersion.None,
        AppendConditionKind.RecordMissing or AppendConditionKind.RecordEquals when actual.Version > StreamVersion.None => new StreamVersion(actual.Version.Value - 1),
        _ => null,
    };
}
