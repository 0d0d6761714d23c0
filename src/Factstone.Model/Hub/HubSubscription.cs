namespace Factstone;

/// <summary>A subscriber of a <see cref="LedgerHub"/>. Dispose it to end it.</summary>
/// <remarks>
/// Its callbacks run one at a time, in the order of the positions of their facts. A callback that takes too long makes the subscriber
/// late: its facts wait, and no publisher waits for them, until it has caught up. Threads: any number.
/// </remarks>
public sealed class HubSubscription : IDisposable
{
    readonly LedgerHub _hub;
    readonly Func<ILedger, Fact, Task> _callback;
    readonly int _waitingMax;
    readonly Lock _lock = new();

    /// <summary>Facts that wait for a late subscriber. Only their positions are kept, so that their payloads take no memory.</summary>
    readonly Queue<Position> _waiting = [];
    CallbackScope? _scope;
    bool _isRunning;
    bool _isLate;
    bool _isDisposed;

    internal HubSubscription(LedgerHub hub, FactQuery query, string? name, Func<ILedger, Fact, Task> callback, int waitingMax) =>
        (_hub, Query, Name, _callback, _waitingMax) = (hub, query, name, callback, waitingMax);

    /// <summary>The facts that it gets.</summary>
    public FactQuery Query { get; }

    /// <summary>Its name in reports; null for none.</summary>
    public string? Name { get; }

    /// <summary>Whether a callback has taken too long, and it has not caught up since.</summary>
    public bool IsLate
    {
        get
        {
            lock (_lock) return _isLate;
        }
    }

    /// <summary>Ends it. Once this has returned, no callback begins; one that runs goes on. May be called again, and from a callback.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _waiting.Clear();
        }

        _hub.Remove(this);
    }

    /// <summary>The subscriber and its query.</summary>
    public override string ToString() => Name is null ? $"The subscriber to {Query}" : $"The subscriber '{Name}' to {Query}";

    /// <summary>What became of a fact that was passed on.</summary>
    internal enum Passing
    {
        /// <summary>Its callback is to be run now.</summary>
        Now = 1,

        /// <summary>It waits, or the subscriber has ended.</summary>
        NotNow = 2,

        /// <summary>Too many wait.</summary>
        Never = 3,
    }

    /// <summary>Passes a fact on; called in order of position.</summary>
    internal Passing Pass(Position position)
    {
        lock (_lock)
        {
            if (_isDisposed) return Passing.NotNow;
            if (!_isRunning)
            {
                _isRunning = true;
                return Passing.Now;
            }

            if (_waiting.Count >= _waitingMax) return Passing.Never;
            _waiting.Enqueue(position);
            return Passing.NotNow;
        }
    }

    /// <summary>Runs the callback for a fact, and then for those that have begun to wait meanwhile. Never throws.</summary>
    internal async Task RunAsync(Fact fact, PublishTree? tree)
    {
        await InvokeAsync(fact, tree).ConfigureAwait(false);
        while (TryTakeWaiting(out var position))
        {
            if (await ReadAsync(position).ConfigureAwait(false) is { } next) await InvokeAsync(next, tree: null).ConfigureAwait(false);
        }
    }

    /// <summary>Its callback has taken too long. False if the callback has ended in this moment.</summary>
    internal bool TryBecomeLate()
    {
        lock (_lock)
        {
            if (_isRunning) _scope?.BecomeLate();
            return _isLate = _isRunning;
        }
    }

    bool TryTakeWaiting(out Position position)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out position)) return true;
            _isRunning = _isLate = false;
            return false;
        }
    }

    async Task<Fact?> ReadAsync(Position position)
    {
        try
        {
            return await _hub.Ledger.ReadAtAsync(position).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            _hub.Report(new HubFailure(HubFailureReason.NotRead, this, position, Fact: null, failure));
            return null;
        }
    }

    async Task InvokeAsync(Fact fact, PublishTree? tree)
    {
        var scope = _hub.Enter(tree);
        lock (_lock)
        {
            if (_isDisposed) return;
            _scope = scope;
            if (_isLate) scope.BecomeLate(); // it took too long to begin
        }

        try
        {
            await (_callback(_hub.Ledger, fact) ?? throw new InvalidOperationException("The callback returned null instead of a task.")).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            _hub.Report(new HubFailure(HubFailureReason.Threw, this, fact.Position, fact, failure));
        }
        finally
        {
            scope.End();
        }
    }
}
