namespace Factstone;

/// <summary>Takes the facts that a storage shows into a state.</summary>
internal sealed class Fold<TState>(TState seed, FactFolder<TState> folder, long? limit) : FactVisitor
{
    TState _state = seed;
    long _left = limit ?? long.MaxValue;

    public TState State => _state;

    /// <summary>Whether facts of Factstone's own stores are passed over.</summary>
    public bool LeavesOutOwn { get; init; }

    /// <summary>Facts at or before this position are not for the folder.</summary>
    public Position After { get; init; }

    public override bool Visit(in FactView fact)
    {
        if (fact.Position <= After) return false;
        if (LeavesOutOwn && NameCheck.IsOwn(fact.StoreUtf8)) return true;
        return folder(ref _state, fact) && --_left > 0;
    }
}
