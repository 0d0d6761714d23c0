namespace Factstone.Cli.Bench;

/// <summary>One thread that writes queued items in groups, for a store without group commit.</summary>
internal sealed class GroupWriter<TItem> : IDisposable
{
    readonly object _gate = new();
    readonly Action<List<TItem>> _write;
    readonly Thread _thread;
    List<TItem> _incoming = [];
    bool _isClosed;

    /// <param name="write">Writes a group; on the thread, one group after the other.</param>
    public GroupWriter(Action<List<TItem>> write)
    {
        _write = write;
        _thread = new Thread(Run) { IsBackground = true, Name = "bench writer" };
        _thread.Start();
    }

    public void Add(TItem item)
    {
        lock (_gate)
        {
            _incoming.Add(item);
            if (_incoming.Count == 1) Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes what is queued, and ends.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    void Run()
    {
        var group = new List<TItem>();
        while (true)
        {
            lock (_gate)
            {
                while (_incoming.Count == 0)
                {
                    if (_isClosed) return;
                    Monitor.Wait(_gate);
                }

                (group, _incoming) = (_incoming, group);
            }

            _write(group);
            group.Clear();
        }
    }
}
