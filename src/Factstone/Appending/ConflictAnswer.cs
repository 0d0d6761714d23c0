namespace Factstone;

/// <summary>Brings along what beat an append, so that its caller can decide again without a second read.</summary>
internal static class ConflictAnswer
{
    public static AppendOutcome.Conflict For(in AppendDecision decision, IFactStorage storage)
    {
        var (condition, actual) = (decision.Condition!, decision.Actual);
        if (condition.IsOnCell) return new AppendOutcome.Conflict(condition, StreamVersion.None, [], IsComplete: true) { ActualCellVersion = decision.ActualCellVersion };

        var facts = new List<Fact>();
        var isComplete = true;
        if (ExpectedVersion(condition, actual) is { } expected && actual.Version > expected)
        {
            var bytes = 0L;
            foreach (var fact in storage.ReadStream(condition.Stream, expected.Next(), actual.Position, backward: false))
            {
                bytes += fact.Header.Length + fact.Payload.Length + fact.MetadataBytes.Length;
                isComplete = facts.Count < FactLimits.ConflictFactsMax && bytes <= FactLimits.ConflictBytesMax;
                if (!isComplete) break;
                facts.Add(fact);
            }
        }

        return new AppendOutcome.Conflict(condition, actual.Version, facts, isComplete);
    }

    /// <summary>The version behind which the facts begin that the caller did not expect; null where none beat it.</summary>
    static StreamVersion? ExpectedVersion(AppendCondition condition, StreamState actual) => condition.Kind switch
    {
        AppendConditionKind.StreamAt or AppendConditionKind.RecordAt => condition.Version,
        AppendConditionKind.StreamMissing => StreamVersion.None,
        AppendConditionKind.RecordMissing or AppendConditionKind.RecordEquals when actual.Version > StreamVersion.None => new StreamVersion(actual.Version.Value - 1),
        _ => null,
    };
}
