namespace Factstone;

/// <summary>What a <see cref="LedgerHub"/> reports of a subscriber. The append of the fact is durable all the same, and the other subscribers got the fact.</summary>
/// <param name="Reason">What happened.</param>
/// <param name="Subscription">The subscriber; null for <see cref="HubFailureReason.NotRead"/> of a fact that no subscriber is late for.</param>
/// <param name="Position">The position of the fact.</param>
/// <param name="Fact">The fact; null if it could not be read.</param>
/// <param name="Exception">What the callback or the read threw, or an exception that says what happened.</param>
public sealed record HubFailure(HubFailureReason Reason, HubSubscription? Subscription, Position Position, Fact? Fact, Exception Exception)
{
    /// <summary>A sentence: the subscriber, the fact, and what happened.</summary>
    public override string ToString() => Reason switch
    {
        HubFailureReason.Threw => $"{Subscription} failed on {Fact}: {Exception.Message}",
        HubFailureReason.TookTooLong => $"{Subscription} is late on {Fact}: {Exception.Message}",
        HubFailureReason.NotPassedOn => $"{Subscription} did not get {Fact}: {Exception.Message}",
        _ => $"The fact at position {Position} could not be read, so {Subscription?.ToString() ?? "no subscriber"} {(Subscription is null ? "got" : "did not get")} it: {Exception.Message}",
    };
}

/// <summary>Why a <see cref="HubFailure"/> is reported.</summary>
public enum HubFailureReason
{
    /// <summary>The callback threw. The subscriber gets the next facts.</summary>
    Threw = 1,

    /// <summary>The callback has not ended within <see cref="HubOptions.CallbackTimeMax"/>. It runs on, later facts wait for it, and nobody else does.</summary>
    TookTooLong = 2,

    /// <summary>The subscriber is late, and as many facts wait for it as may. It never gets this one.</summary>
    NotPassedOn = 3,

    /// <summary>The fact could not be read back: the ledger is closed, or the fact was damaged since it was appended.</summary>
    NotRead = 4,
}
