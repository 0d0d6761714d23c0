namespace Factstone.Storage;

/// <summary>The positions of stores, types and tags in memory. The lists are filled by the first lookup that needs them, so that the writer does not do this work.</summary>
/// <remarks>Threads: any; a lock admits one at a time.</remarks>
internal sealed class MemoryTerms(Position first)
{
    readonly Lock _lock = new();
    readonly TermTable _lists = new(first);
    Position _listed;

    /// <summary>Consecutive facts often have the same store and type.</summary>
    string? _store;
    string? _type;
    PositionsOfTerm? _ofStore;
    PositionsOfTerm? _ofType;

    public PositionsOfTerm? Find(MemoryPart part, in Term term, Position until)
    {
        lock (_lock)
        {
            List(part, until);
            return _lists.Find(term);
        }
    }

    /// <summary>All lists, in no particular order.</summary>
    public PositionsOfTerm[] All(MemoryPart part, Position until)
    {
        lock (_lock)
        {
            List(part, until);
            return _lists.All();
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
            (_ofStore, _store) = (store == _store ? _ofStore! : _lists.FindOrAdd(Term.Store(store)), store);
            _ofStore.Add(_listed);
            if (fact.Type is { } type)
            {
                (_ofType, _type) = (type == _type ? _ofType! : _lists.FindOrAdd(Term.Type(type)), type);
                _ofType.Add(_listed);
            }

            foreach (var tag in fact.Tags!) _lists.FindOrAdd(Term.Tag(tag)).Add(_listed);
        }
    }
}

/// <summary>The positions of one term in a part, ascending. One thread at a time adds, others read.</summary>
internal sealed class PositionsOfTerm(in Term term, Position first) : IStreamLocations
{
    /// <summary>Each position is stored as its distance from the part's first position. The distance is short, so a list takes half the space.</summary>
    SmallList<int> _offsets;

    public Term Term { get; } = term;

    /// <summary>The next list in the same bucket of the <see cref="TermTable"/>.</summary>
    public PositionsOfTerm? Next { get; set; }

    public int Count => _offsets.Count;

    public Location this[int index] => At(_offsets[index]);

    public int CountUntil(Position until)
    {
        var offsets = _offsets.Items;
        return BinarySearch.Count(new Until(offsets, until.Value - first.Value), offsets.Length);
    }

    /// <summary>Copies locations, starting at an index.</summary>
    /// <returns>The number of locations copied; fewer than fit only at the end of the list.</returns>
    public int Copy(int index, Span<Location> locations)
    {
        var offsets = _offsets.Items[index..];
        var count = Math.Min(offsets.Length, locations.Length);
        for (var i = 0; i < count; i++) locations[i] = At(offsets[i]);
        return count;
    }

    /// <summary>Only streams have versions.</summary>
    public int CountBelow(StreamVersion version) => throw new InvariantException("a list of positions has no versions");

    public void Add(Position position) => _offsets.Add(checked((int)(position.Value - first.Value)));

    Location At(int offset) => new(default, new Position(first.Value + offset), retracts: false);

    readonly ref struct Until(ReadOnlySpan<int> offsets, long last) : IFirstItems
    {
        readonly ReadOnlySpan<int> _offsets = offsets;

        public bool Contains(int number) => _offsets[number] <= last;
    }
}
