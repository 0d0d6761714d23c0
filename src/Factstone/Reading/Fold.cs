namespace Factstone;

/// <summary>Passes the facts of a storage to a folder.</summary>
internal sealed class Fold<TState>(TState seed, FactFolder<TState> folder, long? limit) : FactVisitor
{
    TState _state = seed;
    long _left = limit ?? long.MaxValue;

    public TState State => _state;

    /// <summary>Whether facts of reserved stores are left out.</summary>
    public bool LeavesOutOwn { get; init; }

    /// <summary>Facts at or before this position are not passed to the folder.</summary>
    public Position After { get; init; }

    public override bool Visit(in FactView fact)
    {
        if (fact.Position <= After) return false;
        if (LeavesOutOwn && NameCheck.IsOwn(fact.StoreUtf8)) return true;
        return folder(ref _state, fact) && --_left > 0;
    }
}
