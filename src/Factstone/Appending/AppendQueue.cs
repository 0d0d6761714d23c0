namespace Factstone;

/// <summary>Appends waiting for the writer, in the order in which they came. Bounded, so that callers who do not wait cannot fill the memory.</summary>
internal sealed class AppendQueue
{
    public const int AppendsMax = 1_000_000;
    public const long BytesMax = 256L * 1_024 * 1_024;

    /// <summary>How many names of queries the appends of a group may compare with facts of it, roughly: some milliseconds of the writer's.</summary>
    const long ComparisonsMax = 1_000_000;
    const int ComparisonsBeforeGroup = 128;

    readonly Lock _lock = new();
    List<PendingAppend> _incoming = [];
    List<PendingAppend> _outgoing = [];
    int _next;
    long _count;
    long _bytes;
    bool _isClosed;

    /// <exception cref="LedgerBusyException">The queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void Add(PendingAppend append)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(Ledger));
            if (_count >= AppendsMax || _bytes + append.Append.Bytes > BytesMax) throw new LedgerBusyException(_count, _bytes);
            _incoming.Add(append);
            _count++;
            _bytes += append.Append.Bytes;
        }
    }

    /// <summary>Takes what fits into one write, at least one append; false when there is none.</summary>
    public bool TryTakeGroup(List<PendingAppend> group, long bytesMax)
    {
        group.Clear();
        if (_next == _outgoing.Count)
        {
            _outgoing.Clear();
            _next = 0;
            lock (_lock) (_incoming, _outgoing) = (_outgoing, _incoming);
            if (_outgoing.Count == 0) return false;
        }

        var bytes = 0L;
        var facts = 0L;
        var comparisons = 0L;
        while (_next < _outgoing.Count)
        {
            var append = _outgoing[_next];
            comparisons += append.Append.QueryNames * (facts + ComparisonsBeforeGroup);
            if (group.Count > 0 && (bytes + append.Append.Bytes > bytesMax || comparisons > ComparisonsMax)) break;
            _outgoing[_next++] = null!;
            bytes += append.Append.Bytes;
            facts += append.Append.Facts.Length;
            group.Add(append);
        }

        lock (_lock)
        {
            _count -= group.Count;
            _bytes -= bytes;
        }

        return true;
    }

    /// <summary>From now on nothing is added.</summary>
    public void Close()
    {
        lock (_lock) _isClosed = true;
    }
}
