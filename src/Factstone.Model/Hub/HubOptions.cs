namespace Factstone;

/// <summary>Options of a <see cref="LedgerHub"/>.</summary>
public sealed record HubOptions
{
    /// <summary>How long the hub waits for one callback before it reports the callback and goes on: 1 ms to 1 hour, 5 seconds by default.</summary>
    public TimeSpan CallbackTimeMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many facts may wait for a subscriber that is late: 1 to 1,000,000, 10,000 by default. A fact beyond that is reported, and never passed on to this subscriber.</summary>
    public int WaitingFactsMax { get; init; } = 10_000;

    /// <summary>The source of the time for <see cref="CallbackTimeMax"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <exception cref="ArgumentException">A value is refused.</exception>
    internal void ThrowIfWrong(string parameter)
    {
        if (CallbackTimeMax < TimeSpan.FromMilliseconds(1) || CallbackTimeMax > TimeSpan.FromHours(1)) throw new ArgumentOutOfRangeException(parameter, CallbackTimeMax, "CallbackTimeMax must be 1 ms to 1 hour.");
        if (WaitingFactsMax is < 1 or > 1_000_000) throw new ArgumentOutOfRangeException(parameter, WaitingFactsMax, "WaitingFactsMax must be 1 to 1,000,000.");
        if (TimeProvider is null) throw new ArgumentException("TimeProvider is null. The system's is TimeProvider.System.", parameter);
    }
}
