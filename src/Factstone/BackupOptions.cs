namespace Factstone;

/// <summary>Options of a backup or a restore.</summary>
public sealed partial record BackupOptions
{
    /// <summary>How long to wait for another backup or restore into the same directory; zero, the default, means not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.Zero;

    /// <summary>The source of the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal SaltSource Salts { get; init; } = SaltSource.System;
}
