using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Compares the answers of appends that were not committed with the model.</summary>
internal sealed class AnswerComparison(ModelFacts model, SimulationCounts counts)
{
    /// <summary>Whether a worker has stopped. Without the index worker, appends are refused before memory is exhausted.</summary>
    public bool HasStoppedWorker { get; set; }

    public void Check(SentAppend sent, uint ledgerTag)
    {
        if (sent.Task.IsFaulted)
        {
            var exception = sent.Task.Exception!.InnerException!;
            SimulationFailure.When(exception is not PowerLostException && !SimulationRun.IsRefusal(exception) && !(HasStoppedWorker && exception is LedgerIndexException), $"an append failed without a cause: {exception.Message}");
            counts.Count(exception.GetType().Name);
            return;
        }

        switch (sent.Task.Result)
        {
            case AppendOutcome.Conflict conflict:
                counts.Count("conflict");
                CheckConflict(sent, conflict, ledgerTag);
                break;
            case AppendOutcome.Duplicate duplicate:
                counts.Count("duplicate");
                if (duplicate.Difference is not null) counts.Count("duplicate with other content");
                CheckRepeat(sent, duplicate.Receipt, duplicate.Difference, isRepeat: true);
                break;
            case AppendOutcome.AppendIdReused reused:
                counts.Count("reused");
                CheckRepeat(sent, reused.Receipt, reused.Difference, isRepeat: false);
                break;
            case AppendOutcome.Unknown:
                counts.Count("unknown");
                break;
        }
    }

    /// <summary>The same id means the first receipt. Whether it is a repeat follows from the policy of this request and the first field that differs.</summary>
    void CheckRepeat(SentAppend sent, AppendReceipt receipt, string? difference, bool isRepeat)
    {
        var request = sent.Request;
        var first = model.Appends.GetValueOrDefault(request.AppendId!);
        SimulationFailure.When(first is null || first.First != receipt.FirstPosition.Value, $"{request.AppendId} was answered with position {receipt.FirstPosition}, which is not that of the append that has it");
        var expected = ModelRepeat.Difference(first!.Request.Facts, first.Request.Cells, request);
        SimulationFailure.When(difference != expected, $"of {request.AppendId} '{difference}' is said to differ, instead of '{expected}'");
        var isExpected = expected is null || request.OnRepeat == RepeatPolicy.SameId;
        SimulationFailure.When(isRepeat != isExpected, $"{request.AppendId} with {request.OnRepeat} and the difference '{expected}' was {(isRepeat ? "" : "not ")}called a repeat");
        if (first.First > sent.HeadThen) counts.Count("repeat of an append in flight");
        if (expected is null && !first.Request.Facts.Zip(request.Facts).All(static pair => pair.First.Payload.Span.SequenceEqual(pair.Second.Payload.Span))) counts.Count("duplicate in another spelling");
    }

    void CheckConflict(SentAppend sent, AppendOutcome.Conflict conflict, uint ledgerTag)
    {
        SimulationFailure.When(!sent.Request.Conditions.Contains(conflict.Condition), "a conflict names a condition that was not given");
        if (conflict.Condition.CountsOn.Count > 0)
        {
            // It counts on an append that was refused, or on one whose facts come first. What the decider is told in the end is compared.
            counts.Count("conflict of a decider");
            return;
        }

        if (conflict.Condition.IsOnCell)
        {
            CheckCellConflict(sent, conflict);
            return;
        }

        if (conflict.Condition.Query is not null)
        {
            CheckQueryConflict(sent, conflict, ledgerTag);
            return;
        }

        var stream = model.Stream(conflict.Condition.Stream);
        var actual = conflict.ActualVersion.Value;
        SimulationFailure.When(actual > stream.Count, $"a conflict says that {conflict.Condition.Stream} is at version {actual}; it never was");
        var at = actual == 0 ? 0 : stream[(int)actual - 1].Position;
        SimulationFailure.When(model.Holds(conflict.Condition, at), $"a conflict although it held: {conflict.Condition} at {at}");
        var isStale = actual < stream.Count && stream[(int)actual].Position <= sent.HeadThen;
        SimulationFailure.When(isStale, $"a conflict was decided on a state from before the append was sent: {conflict.Condition}");
        foreach (var fact in conflict.Facts) FactComparison.Same(fact, stream[(int)fact.StreamVersion.Value - 1], model, ledgerTag);
    }

    /// <summary>
    /// The conflict returns the matching facts from the first one on, and at least those that existed when the append was sent.
    /// </summary>
    void CheckQueryConflict(SentAppend sent, AppendOutcome.Conflict conflict, uint ledgerTag)
    {
        counts.Count("conflict by query");
        var condition = conflict.Condition;
        var matching = model.Matching(condition.Query!, condition.After?.Value ?? 0, model.Head).ToList();
        SimulationFailure.When(matching.Count == 0 || matching[0].Position != conflict.FirstMatch.Value, $"a conflict although it held: {condition}, and position {conflict.FirstMatch} was named");
        SimulationFailure.When(conflict.Facts.Count > matching.Count, $"a conflict brings more facts than match: {condition} brings {string.Join(' ', conflict.Facts.Select(static fact => fact.Position))}, and of the first {model.Head} facts these match: {string.Join(' ', matching.Select(static fact => fact.Position))}");
        for (var i = 0; i < conflict.Facts.Count; i++) FactComparison.Same(conflict.Facts[i], matching[i], model, ledgerTag);
        var isStale = conflict.IsComplete && matching.Count(fact => fact.Position <= sent.HeadThen) > conflict.Facts.Count;
        SimulationFailure.When(isStale, $"a conflict was decided on a state from before the append was sent: {condition}");
    }

    void CheckCellConflict(SentAppend sent, AppendOutcome.Conflict conflict)
    {
        counts.Count("conflict on a cell");
        var writes = model.Cells.Writes(conflict.Condition.Cell);
        var actual = (int)conflict.ActualCellVersion.Value;
        SimulationFailure.When(actual > writes.Count, $"a conflict says that cell {conflict.Condition.Cell} is at version {actual}; it never was");
        SimulationFailure.When(model.Cells.Holds(conflict.Condition, actual), $"a conflict although it held: {conflict.Condition} at version {actual}");
        SimulationFailure.When(actual < writes.Count && writes[actual].Append <= sent.AppendsThen, $"a conflict was decided on a state from before the append was sent: {conflict.Condition}");
    }

    public static bool IsSameCells(IReadOnlyList<NewCell> a, IReadOnlyList<NewCell> b) => a.Count == b.Count && a.Zip(b).All(pair =>
        pair.First.Cell == pair.Second.Cell && pair.First.IsDelete == pair.Second.IsDelete && pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span));
}
