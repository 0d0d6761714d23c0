namespace Factstone;

/// <summary>Options of a repair.</summary>
public sealed partial record RepairOptions
{
    /// <summary>Only report what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>How long to wait for a writer to close the ledger; zero means not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called once, after a second of waiting for the lock, with the holder of the lock, as text for people. On the thread that waits; by default nothing is called. Factstone itself writes nothing to the console.</summary>
    public Action<string>? LockWaiting { get; init; }

    /// <summary>The source of the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal SaltSource Salts { get; init; } = SaltSource.System;
}
