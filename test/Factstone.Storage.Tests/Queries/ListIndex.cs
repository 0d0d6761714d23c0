using Xunit;

namespace Factstone.Storage;

/// <summary>An index of plain sorted lists. It counts the moves of its cursors and checks that they follow the contract.</summary>
sealed class ListIndex : ITermIndex
{
    readonly Dictionary<Term, List<long>> _lists = [];

    public int Opened { get; private set; }

    public long Moves { get; private set; }

    public void Add(Term term, long position)
    {
        if (!_lists.TryGetValue(term, out var list)) _lists[term] = list = [];
        list.Add(position);
    }

    public void Add(IndexedFact fact)
    {
        Add(Term.Stream(new StreamName(fact.Store, fact.Key)), fact.Position);
        Add(Term.Store(fact.Store), fact.Position);
        if (fact.Type is not null) Add(Term.Type(fact.Type), fact.Position);
        foreach (var tag in fact.Tags) Add(Term.Tag(tag), fact.Position);
    }

    public PositionCursor Open(Term term, Position after, Position until, bool backward)
    {
        Opened++;
        var positions = Within(term, after, until);
        if (backward) positions.Reverse();
        return new ListCursor(this, positions, backward);
    }

    // An index counts whole blocks, so its count is an upper bound. Even for a range
    // without matches it may be greater than zero, if a block reaches into the range.
    public long CountAtMost(Term term, Position after, Position until)
    {
        var count = Within(term, after, until).Count;
        return _lists.ContainsKey(term) ? count + (term.Name.Length % 3) : 0;
    }

    List<long> Within(Term term, Position after, Position until) =>
        _lists.TryGetValue(term, out var list) ? list.FindAll(position => position > after.Value && position <= until.Value) : [];

    sealed class ListCursor(ListIndex index, List<long> positions, bool backward) : PositionCursor
    {
        int _at;

        public override Position Current => _at < positions.Count ? new(positions[_at]) : Position.None;

        public override void MoveNext()
        {
            Assert.True(_at < positions.Count, "moved beyond the end");
            index.Moves++;
            _at++;
        }

        public override void MoveTo(Position position)
        {
            Assert.True(_at < positions.Count, "moved beyond the end");
            index.Moves++;
            while (_at < positions.Count && (backward ? positions[_at] > position.Value : positions[_at] < position.Value)) _at++;
        }
    }
}

/// <summary>The parts of a fact that a query refers to.</summary>
sealed record IndexedFact(long Position, string Store, string Key, string? Type, string[] Tags);
