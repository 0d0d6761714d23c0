namespace Factstone;

/// <summary>Options of <see cref="LedgerDeciding.DecideAsync{TState}(ILedger, Projection{TState}, StreamName, Func{TState, IReadOnlyList{object}}, DecideOptions?, CancellationToken)"/>.</summary>
public sealed record DecideOptions
{
    /// <summary>The caller's name for the append, 1 to 128 bytes. If an append with it is committed, nothing is decided, and the result has its receipt, whatever that append contains. Null for none.</summary>
    public string? AppendId { get; init; }

    /// <summary>Up to 9,999 further conditions of the append. They are checked only if something is appended. If one of them fails, that is final: <see cref="AppendConflictException"/> is thrown, and nothing is retried.</summary>
    public IReadOnlyList<AppendCondition> Conditions { get; init; } = [];

    /// <summary>How often the append is sent at most: 1 to 1,000; 20 by default. After so many conflicts with other writers the last one is thrown.</summary>
    /// <remarks>The last attempt, and each after the third, is made when everything before it is durable, so that it is not lost to a decision that falls.</remarks>
    public int AttemptsMax { get; init; } = 20;

    /// <summary>Whether deciders on one stream or query in this process take turns: true by default. Without turns they race, and those that lose decide again.</summary>
    public bool TakesTurns { get; init; } = true;
}
