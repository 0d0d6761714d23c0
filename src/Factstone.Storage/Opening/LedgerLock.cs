namespace Factstone.Storage;

/// <summary>The lock that the writer of a ledger holds. A second writer waits for a limited time, because deployments overlap.</summary>
internal static class LedgerLock
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan PauseOfProbe = TimeSpan.FromMilliseconds(3);
    static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(1);

    /// <exception cref="LedgerLockedException">Another process held the lock for the whole wait; or this process holds it, and would wait for itself.</exception>
    public static IHeldLock Take(IFileSystem files, LedgerLayout layout, StorageOptions options, CancellationToken cancellationToken)
    {
        // The wait uses the machine's clock, not the ledger's: with a clock that a test has stopped, it would never end.
        var started = TimeProvider.System.GetTimestamp();
        var holder = $"process {Environment.ProcessId} on {Environment.MachineName} since {Microseconds.ToText(options.Time.GetUtcNow())}";
        var isTold = false;
        var isFirst = true;
        while (true)
        {
            if (files.TryLock(layout.Lock, holder, out var heldBy) is { } taken) return taken;

            if (heldBy.IsThisProcess) throw new LedgerLockedException(layout.Root, heldBy.Text);

            // A reader that checks for a writer holds the lock for microseconds, so one refusal proves nothing.
            if (isFirst)
            {
                isFirst = false;
                Thread.Sleep(PauseOfProbe);
                continue;
            }

            var waited = TimeProvider.System.GetElapsedTime(started);
            if (!isTold && waited >= SilentFor)
            {
                options.LockWaiting?.Invoke(heldBy.Text);
                isTold = true;
            }

            if (waited >= options.LockWait) throw new LedgerLockedException(layout.Root, heldBy.Text, waited);
            if (cancellationToken.WaitHandle.WaitOne(Pause)) cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
