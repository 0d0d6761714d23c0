namespace Factstone.Storage;

/// <summary>The positions of stores, types and tags in memory; listed when somebody asks, so that the writer does not have to.</summary>
/// <remarks>Threads: any number, one at a time within.</remarks>
internal sealed class MemoryTerms
{
    readonly Lock _lock = new();
    readonly Dictionary<Term, PositionsOfTerm> _lists = [];
    Position _listed;

    /// <summary>Facts that follow one another often have the same store and type.</summary>
    string? _store;
    string? _type;
    PositionsOfTerm? _ofStore;
    PositionsOfTerm? _ofType;

    public PositionsOfTerm? Find(MemoryPart part, in Term term, Position until)
    {
        lock (_lock)
        {
            List(part, until);
            return _lists.GetValueOrDefault(term);
        }
    }

    public IReadOnlyDictionary<Term, PositionsOfTerm> All(MemoryPart part, Position until)
    {
        lock (_lock)
        {
            List(part, until);
            return _lists;
        }
    }

    void List(MemoryPart part, Position until)
    {
        if (_listed < part.First) _listed = new Position(part.First.Value - 1);
        if (until > part.Last) until = part.Last;
        while (_listed < until)
        {
            _listed = _listed.Next();
            var fact = part[_listed];
            if (fact.Stream is null) continue;
            var store = fact.Stream.Name.Store;
            (_ofStore, _store) = (store == _store ? _ofStore! : ListOf(Term.Store(store)), store);
            _ofStore.Add(_listed);
            if (fact.Type is { } type)
            {
                (_ofType, _type) = (type == _type ? _ofType! : ListOf(Term.Type(type)), type);
                _ofType.Add(_listed);
            }

            foreach (var tag in fact.Tags!) ListOf(Term.Tag(tag)).Add(_listed);
        }
    }

    PositionsOfTerm ListOf(in Term term)
    {
        if (!_lists.TryGetValue(term, out var list)) _lists.Add(term, list = new PositionsOfTerm());
        return list;
    }
}

/// <summary>The positions of one term, ascending. One thread at a time adds, others read.</summary>
internal sealed class PositionsOfTerm : IStreamPlaces
{
    readonly GrowingList<Position> _positions = new();

    public int Count => _positions.Count;

    public Place this[int index] => new(default, _positions[index], retracts: false);

    public int CountUntil(Position until)
    {
        var positions = _positions.Items;
        int low = 0, high = positions.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (positions[middle] <= until) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Only streams have versions.</summary>
    public int CountBelow(StreamVersion version) => throw new InvariantException("a list of positions has no versions");

    public void Add(Position position) => _positions.Add(position);
}
