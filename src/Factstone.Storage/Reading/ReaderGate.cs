namespace Factstone.Storage;

/// <summary>Counts who reads, so that files are let go only when nobody does.</summary>
internal sealed class ReaderGate
{
    int _readers;
    int _staying;
    volatile bool _isClosed;

    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public Scope Enter()
    {
        Interlocked.Increment(ref _readers);
        if (!_isClosed) return new Scope(this);
        Interlocked.Decrement(ref _readers);
        throw Closed();
    }

    /// <summary>For who shows somebody else's code what is mapped, for as long as that takes: closing does not wait, and the mappings are left to be collected.</summary>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void EnterPinned()
    {
        using var reading = Enter();
        Interlocked.Increment(ref _staying);
    }

    /// <summary>Ends what <see cref="EnterPinned"/> began.</summary>
    public void Leave() => Interlocked.Decrement(ref _staying);

    /// <summary>For who stays: between two looks.</summary>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void ThrowIfClosed()
    {
        if (_isClosed) throw Closed();
    }

    /// <summary>Lets nobody in any more, and returns when the last one has left but those who stay. No other reader is in for longer than one page takes.</summary>
    /// <returns>Whether somebody stays.</returns>
    public bool Close()
    {
        _isClosed = true;
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _readers) > 0) spinner.SpinOnce();
        return Volatile.Read(ref _staying) > 0;
    }

    public readonly ref struct Scope(ReaderGate gate)
    {
        public void Dispose() => Interlocked.Decrement(ref gate._readers);
    }

    static ObjectDisposedException Closed() => new("Ledger", "The ledger is closed.");
}
