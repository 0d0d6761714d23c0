namespace Factstone;

/// <summary>How a ledger is backed up, or a backup restored.</summary>
public sealed partial record BackupOptions
{
    /// <summary>How long to wait for another backup or restore into the same directory; zero, the default, for not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.Zero;

    /// <summary>Where the time comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal SaltSource Salts { get; init; } = SaltSource.System;
}
