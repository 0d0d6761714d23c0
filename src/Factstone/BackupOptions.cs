using Factstone.Storage;

namespace Factstone;

/// <summary>Options of a backup or a restore.</summary>
public sealed record BackupOptions
{
    /// <summary>How long to wait for another backup or restore into the same directory; zero, the default, means not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.Zero;

    /// <summary>The source of the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The file system; null for the disk.</summary>
    internal IFileSystem? FileSystem { get; init; }

    internal SaltSource Salts { get; init; } = SaltSource.System;

    internal StorageOptions ToStorageOptions() => new LedgerOptions
    {
        LockWait = LockWait,
        TimeProvider = TimeProvider,
        Salts = Salts,
    }.ToStorageOptions();
}
