namespace Factstone.Storage;

/// <summary>The workers that an unforeseen exception has stopped: each once, as long as the ledger is open.</summary>
/// <remarks>
/// An unforeseen exception must not end the process, because it would do so again at each start. No durable byte depends
/// on these workers, so the ledger continues without them. What must end a process (a stack overflow, corrupt memory)
/// never reaches a handler. Threads: any.
/// </remarks>
internal sealed class WorkerFailures(IFileSystem files, LedgerLayout layout, StorageOptions options)
{
    readonly Lock _lock = new();
    WorkerFailure[] _all = [];

    public IReadOnlyList<WorkerFailure> All => Volatile.Read(ref _all);

    /// <summary>The failure of a worker; null if it has not stopped.</summary>
    public WorkerFailure? Of(string worker)
    {
        foreach (var one in Volatile.Read(ref _all))
            if (one.Worker == worker) return one;
        return null;
    }

    /// <summary>Runs one step of a worker; false if it has stopped, or stops now.</summary>
    public bool Step(string worker, Func<bool> step)
    {
        if (Of(worker) is not null) return false;
        try
        {
            return step();
        }
        catch (Exception unforeseen) when (unforeseen is not MachineStoppedException)
        {
            Add(worker, unforeseen);
            return false;
        }
    }

    public void Add(string worker, Exception exception)
    {
        var failure = new WorkerFailure(worker, $"{exception.Message.TrimEnd('.')} ({exception.GetType().Name})", exception);
        lock (_lock)
        {
            if (Of(worker) is not null) return;
            Volatile.Write(ref _all, [.. _all, failure]);
            WorkerFailureFile.TryWrite(files, layout, _all);
        }

        options.Notify(new LedgerNotice.WorkerStopped(failure));
    }
}
