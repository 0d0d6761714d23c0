namespace Factstone;

/// <summary>Checks conditions: prepared on the caller's thread, decided by the writer at the exact head.</summary>
internal static class ConditionCheck
{
    /// <summary>Reads the present values of records and cells, and compares them with those that conditions require.</summary>
    public static PreparedValue[] Prepare(IReadOnlyList<AppendCondition> conditions, IFactReading reading, CancellationToken cancellationToken)
    {
        PreparedValue[]? values = null;
        for (var i = 0; i < conditions.Count; i++)
        {
            if (conditions[i].Kind is not (AppendConditionKind.RecordEquals or AppendConditionKind.CellEquals)) continue;
            values ??= new PreparedValue[conditions.Count];
            values[i] = conditions[i].IsOnCell ? CellConditionCheck.Prepare(conditions[i], reading, cancellationToken) : Compare(conditions[i], reading, reading.StateAt(conditions[i].Stream, reading.Head.Position, cancellationToken), cancellationToken);
        }

        return values ?? [];
    }

    /// <summary>The decision if a condition fails; null if all hold.</summary>
    /// <exception cref="FactstoneException">A value that a condition requires cannot be read.</exception>
    public static AppendDecision? Decide(PendingAppend pending, IAppendSession session, IFactReading reading, Defect defect)
    {
        if (pending.Append.Expected is var expected && expected != PreparedAppend.AnyVersion)
        {
            var stream = pending.Append.Facts[0].Stream;
            var state = session.State(stream);
            return state.Version == expected ? null : new AppendDecision.Conflict(AppendCondition.StreamAt(stream, expected)) { Actual = state };
        }

        var conditions = pending.Append.Conditions;
        for (var i = 0; i < conditions.Count; i++)
        {
            var condition = conditions[i];
            if (condition.Query is { } query)
            {
                var after = condition.After ?? Position.None;
                if (after > reading.Head.Position) return new AppendDecision.Failed(Ahead(i, after, reading.Head.Position));
                if (FirstMatch(i, condition, query, after, session) is { Value: > 0 } found) return new AppendDecision.Conflict(condition) { FirstMatch = found, Until = session.Last };
                if (condition.CountsOnRefused && defect != Defect.CountOnRefused) return new AppendDecision.Conflict(condition) { Until = session.Last };
                continue;
            }

            if (condition.IsOnCell)
            {
                var cell = session.StateOf(condition.Cell);
                if (!CellConditionCheck.Holds(condition, cell, pending.Values, i, reading)) return new AppendDecision.Conflict(condition) { ActualCellVersion = cell.Version };
                continue;
            }

            var state = session.State(condition.Stream);

            // A record whose latest fact is dropped has no value, as if it were retracted.
            if (condition.IsOnRecord && state.HasValue && state.Version <= session.DroppedThrough(condition.Stream)) state = state with { IsRetracted = true };
            var holds = condition.Kind switch
            {
                AppendConditionKind.StreamAt => state.Version == condition.Version,
                AppendConditionKind.StreamMissing => state.Version == StreamVersion.None,
                AppendConditionKind.StreamExists => state.Version > StreamVersion.None,
                AppendConditionKind.RecordAt => state.HasValue && state.Version == condition.Version,
                AppendConditionKind.RecordMissing => !state.HasValue,
                _ => IsEqual(condition, state, pending, i, session, reading),
            };
            if (!holds || (condition.CountsOnRefused && defect != Defect.CountOnRefused)) return new AppendDecision.Conflict(condition) { Actual = state };
        }

        return null;
    }

    /// <summary>The first match that is not of an append that the caller has already taken into account.</summary>
    static Position FirstMatch(int index, AppendCondition condition, FactQuery query, Position after, IAppendSession session)
    {
        while (true)
        {
            var found = session.FirstMatch(index, query, after, heldOnly: condition.After is null);
            if (found == Position.None || condition.CountsOn.FirstOrDefault(place => place.Contains(found)) is not { } known) return found;
            after = known.Last;
        }
    }

    /// <summary>No read can have reached this position, so it is an error, or a position of another ledger. To accept it would ignore the facts before it.</summary>
    static ArgumentOutOfRangeException Ahead(int condition, Position after, Position head) =>
        new(nameof(condition), $"conditions[{condition}]: position {after} is too high: the last fact is at position {head}. Nothing was written.");

    static bool IsEqual(AppendCondition condition, StreamState state, PendingAppend pending, int index, IAppendSession session, IFactReading reading)
    {
        if (pending.Values[index].State == state) return pending.Values[index].IsEqual;
        if (!state.HasValue) return false;

        // Written by an earlier append of this group: the value is only in memory so far.
        if (session.LastAccepted(condition.Stream) is { } accepted)
        {
            ref readonly var fact = ref accepted.Append.Facts[accepted.Index];
            return fact.IsJson && fact.PayloadLength > 0 && CanonicalJson.AreEqual(accepted.Append.Payload(fact), condition.Value.Span);
        }

        // Written since the append was prepared. If it were prepared again elsewhere, later appends of the same caller would
        // overtake it. So the writer itself reads this one fact, which was written a moment ago.
        return Compare(condition, reading, state, CancellationToken.None).IsEqual;
    }

    static PreparedValue Compare(AppendCondition condition, IFactReading reading, StreamState state, CancellationToken cancellationToken)
    {
        if (!state.HasValue) return new PreparedValue(state, IsEqual: false);
        var fact = reading.ReadAt(state.Position, cancellationToken);
        return new PreparedValue(state, fact is { ContentType: null, Payload.IsEmpty: false } && CanonicalJson.AreEqual(fact.Payload.Span, condition.Value.Span));
    }
}
