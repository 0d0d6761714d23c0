namespace Factstone.Storage;

/// <summary>The one writer of a ledger holds this. Whoever comes second waits a while, since deployments overlap.</summary>
internal static class LedgerLock
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan PauseOfProbe = TimeSpan.FromMilliseconds(3);
    static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(1);

    /// <exception cref="LedgerLockedException">Somebody else held it all the while; or this process holds it, and would wait for itself.</exception>
    public static IHeldLock Take(IFileSystem files, LedgerLayout layout, StorageOptions options, CancellationToken cancellationToken)
    {
        // By the machine's clock, whatever the ledger's is: one that stands still in a test would let us wait for ever.
        var started = TimeProvider.System.GetTimestamp();
        var holder = $"process {Environment.ProcessId} on {Environment.MachineName} since {Microseconds.ToText(options.Time.GetUtcNow())}";
        var isTold = false;
        var isFirst = true;
        while (true)
        {
            if (files.TryLock(layout.Lock, holder, out var heldBy) is { } taken) return taken;

            if (heldBy.IsThisProcess) throw new LedgerLockedException(layout.Root, heldBy.Text);

            // A reader that asks whether a writer runs holds the lock for microseconds: one refusal proves nothing.
            if (isFirst)
            {
                isFirst = false;
                Thread.Sleep(PauseOfProbe);
                continue;
            }

            var waited = TimeProvider.System.GetElapsedTime(started);
            if (waited >= options.LockWait) throw new LedgerLockedException(layout.Root, heldBy.Text, waited);
            if (!isTold && waited >= SilentFor)
            {
                options.LockWaiting?.Invoke(heldBy.Text);
                isTold = true;
            }

            if (cancellationToken.WaitHandle.WaitOne(Pause)) cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
