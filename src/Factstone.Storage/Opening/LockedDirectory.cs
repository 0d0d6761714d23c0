namespace Factstone.Storage;

/// <summary>The directory of a ledger, held open and locked for its one writer.</summary>
internal sealed class LockedDirectory : IDisposable
{
    readonly IOpenDirectory _directory;
    readonly IHeldLock _lock;

    LockedDirectory(IOpenDirectory directory, IHeldLock held) => (_directory, _lock) = (directory, held);

    /// <summary>The file system, whose paths below the ledger's directory begin at that directory.</summary>
    public IFileSystem Files => _directory;

    /// <summary>Opens the directory and waits for its lock.</summary>
    /// <exception cref="LedgerLockedException">Somebody else held it all the while.</exception>
    public static LockedDirectory Open(IFileSystem files, LedgerLayout layout, StorageOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            var directory = files.OpenDirectory(layout.Root);
            try
            {
                var held = LedgerLock.Take(directory, layout, options, cancellationToken);
                if (directory.IsInPlace) return new LockedDirectory(directory, held);

                // While we waited, another directory was put in its place: that is the one that was asked for.
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

    /// <summary>Why somebody else may hold the lock by now; null where nobody can.</summary>
    public string? WhyLost() => _lock.WhyLost();

    public void Dispose()
    {
        _lock.Dispose();
        _directory.Dispose();
    }
}
