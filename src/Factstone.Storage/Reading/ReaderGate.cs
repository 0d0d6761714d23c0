namespace Factstone.Storage;

/// <summary>Counts who reads, so that files are let go only when nobody does.</summary>
internal sealed class ReaderGate
{
    int _readers;
    volatile bool _isClosed;

    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public Scope Enter()
    {
        Interlocked.Increment(ref _readers);
        if (!_isClosed) return new Scope(this);
        Interlocked.Decrement(ref _readers);
        throw new ObjectDisposedException("Ledger", "The ledger is closed.");
    }

    /// <summary>Lets nobody in any more, and returns when the last one has left. No reader stays for longer than one page takes.</summary>
    public void Close()
    {
        _isClosed = true;
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _readers) > 0) spinner.SpinOnce();
    }

    public readonly ref struct Scope(ReaderGate gate)
    {
        public void Dispose() => Interlocked.Decrement(ref gate._readers);
    }
}
