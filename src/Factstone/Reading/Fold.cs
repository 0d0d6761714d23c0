namespace Factstone;

/// <summary>Passes the facts of a storage to a folder.</summary>
internal sealed class Fold<TState>(TState seed, FactFolder<TState> folder, long? limit) : FactVisitor
{
    /// <summary>A fold of one fact, which a thread keeps for the next one.</summary>
    [ThreadStatic]
    static Fold<TState>? _kept;

    TState _state = seed;
    FactFolder<TState> _folder = folder;
    long _left = limit ?? long.MaxValue;

    public TState State => _state;

    /// <summary>Whether facts of reserved stores are left out.</summary>
    public bool LeavesOutOwn { get; init; }

    /// <summary>Facts at or before this position are not passed to the folder.</summary>
    public Position After { get; init; }

    /// <summary>Knows which facts are dropped; null if none are.</summary>
    public DroppedFilter? Dropped { get; set; }

    public override bool Visit(in FactView fact)
    {
        if (fact.Position <= After) return false;
        if (LeavesOutOwn && NameCheck.IsOwn(fact.StoreUtf8)) return true;
        if (Dropped is not null && Dropped.IsDropped(fact)) return true;
        return _folder(ref _state, fact) && --_left > 0;
    }

    /// <summary>A fold of one fact.</summary>
    public static Fold<TState> OfOne(TState seed, FactFolder<TState> folder)
    {
        var fold = _kept ?? new Fold<TState>(seed, folder, limit: 1);
        _kept = null; // the folder may fold, too
        (fold._state, fold._folder, fold._left) = (seed, folder, 1);
        return fold;
    }

    /// <summary>The state. The fold is not used any more.</summary>
    public TState End()
    {
        var state = _state;
        (_state, _folder, Dropped) = (default!, null!, null);
        _kept = this;
        return state;
    }
}
