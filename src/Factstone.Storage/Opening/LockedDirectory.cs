namespace Factstone.Storage;

/// <summary>The directory of a ledger, held open and locked for the writer.</summary>
internal sealed class LockedDirectory : IDisposable
{
    readonly IOpenDirectory _directory;
    readonly IHeldLock _lock;

    LockedDirectory(IOpenDirectory directory, IHeldLock held) => (_directory, _lock) = (directory, held);

    /// <summary>The file system. Its paths below the ledger's directory are resolved from the open directory.</summary>
    public IFileSystem Files => _directory;

    /// <summary>Opens the directory and waits for its lock.</summary>
    /// <exception cref="LedgerLockedException">Another process held the lock for the whole wait.</exception>
    public static LockedDirectory Open(IFileSystem files, LedgerLayout layout, StorageOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            var directory = files.OpenDirectory(layout.Root);
            try
            {
                var held = LedgerLock.Take(directory, layout, options, cancellationToken);
                if (directory.IsInPlace) return new LockedDirectory(directory, held);

                // During the wait, another directory has replaced this one. The caller asked for the new one.
                held.Dispose();
            }
            catch
            {
                directory.Dispose();
                throw;
            }

            directory.Dispose();
        }
    }

    /// <summary>Why another process may now hold the lock; null when none can.</summary>
    public string? WhyLost() => _lock.WhyLost();

    public void Dispose()
    {
        _lock.Dispose();
        _directory.Dispose();
    }
}
