namespace Factstone;

/// <summary>What the writer decided of one append. Whatever takes reading or comparing is done from it later, on another thread.</summary>
internal readonly record struct AppendDecision
{
    public AppendDecisionKind Kind { get; private init; }

    public AppendReceipt? Receipt { get; private init; }

    /// <summary>Of a repeat: where the append with its id is.</summary>
    public AppendSpan Span { get; private init; }

    /// <summary>Of a conflict: the failing condition, and its stream's head then.</summary>
    public AppendCondition? Condition { get; private init; }

    public StreamState Actual { get; private init; }

    /// <summary>Of a conflict by query: the first fact that matched, and the last position that was looked at.</summary>
    public Position FirstMatch { get; private init; }

    public Position Until { get; private init; }

    /// <summary>Of a conflict on a cell: its version then.</summary>
    public CellVersion ActualCellVersion { get; private init; }

    public Exception? Exception { get; private init; }

    public static AppendDecision Accepted(AppendReceipt receipt) => new() { Kind = AppendDecisionKind.Accepted, Receipt = receipt };

    public static AppendDecision Repeat(AppendSpan span) => new() { Kind = AppendDecisionKind.Repeat, Span = span };

    public static AppendDecision Conflict(AppendCondition condition, StreamState actual) => new() { Kind = AppendDecisionKind.Conflict, Condition = condition, Actual = actual };

    public static AppendDecision Conflict(AppendCondition condition, CellState actual) => new() { Kind = AppendDecisionKind.Conflict, Condition = condition, ActualCellVersion = actual.Version };

    public static AppendDecision Conflict(AppendCondition condition, Position firstMatch, Position until) =>
        new() { Kind = AppendDecisionKind.Conflict, Condition = condition, FirstMatch = firstMatch, Until = until };

    public static AppendDecision Failed(Exception exception) => new() { Kind = AppendDecisionKind.Failed, Exception = exception };

    public static AppendDecision Unknown(AppendReceipt receipt, FactstoneException cause) => new() { Kind = AppendDecisionKind.Unknown, Receipt = receipt, Exception = cause };
}

internal enum AppendDecisionKind
{
    Accepted = 1,
    Repeat,
    Conflict,
    Failed,
    Unknown,
}
