namespace Factstone.Storage;

/// <summary>Counts readers, so that files are released only when there are none.</summary>
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

    /// <summary>For a reader that passes mapped bytes to foreign code, for as long as that takes. Closing does not wait for it, and leaves the mappings to the collector.</summary>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void EnterPinned()
    {
        using var reading = Enter();
        Interlocked.Increment(ref _staying);
    }

    /// <summary>Ends <see cref="EnterPinned"/>.</summary>
    public void Leave() => Interlocked.Decrement(ref _staying);

    /// <summary>For a pinned reader, between two reads, and for a reader that reads much more than a page, between two steps.</summary>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void ThrowIfClosed()
    {
        if (_isClosed) throw Closed();
    }

    /// <summary>Admits no new readers, and returns when all have left except pinned ones. Every other reader leaves after at most one page.</summary>
    /// <returns>Whether a pinned reader remains.</returns>
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
