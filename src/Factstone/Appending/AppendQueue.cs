namespace Factstone;

/// <summary>Appends that wait for the writer, in order of arrival. The queue is bounded, so that callers that do not wait cannot fill the memory.</summary>
internal sealed class AppendQueue
{
    public const int AppendsMax = 1_000_000;
    public const long BytesMax = 256L * 1_024 * 1_024;

    /// <summary>An upper bound of the comparisons between names in queries of a group and facts of that group: some milliseconds of the writer's time.</summary>
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

    /// <summary>Takes as many appends as fit into one write, at least one; false if the queue is empty.</summary>
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

    /// <summary>Accepts no more appends from now on.</summary>
    public void Close()
    {
        lock (_lock) _isClosed = true;
    }
}
