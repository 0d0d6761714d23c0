namespace Factstone;

/// <summary>How a ledger is repaired.</summary>
public sealed partial record RepairOptions
{
    /// <summary>Only say what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>How long to wait for a writer to close the ledger; zero for not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called once, after a second of waiting for the lock, with who holds it. By default that is said on standard error.</summary>
    public Action<string>? LockWaiting { get; init; }

    /// <summary>Where the time comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal SaltSource Salts { get; init; } = SaltSource.System;
}
