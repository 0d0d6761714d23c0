namespace Factstone.Storage;

/// <summary>Uses the index to find the positions of facts that may match a query.</summary>
internal static class QueryCandidates
{
    /// <summary>
    /// The positions in (<paramref name="after"/>, <paramref name="until"/>] that may match, ascending, or descending when <paramref name="backward"/>; each once.
    /// All matching facts are among them. If <see cref="UnionCursor.NeedsCheck"/> is true, the fact must be compared with the query itself.
    /// </summary>
    /// <param name="query">A checked query.</param>
    /// <param name="index">An index that covers the whole range.</param>
    /// <param name="after">The beginning of the range, exclusive.</param>
    /// <param name="until">The end of the range, inclusive; not beyond the head.</param>
    /// <param name="backward">Whether the order is descending.</param>
    /// <remarks>Memory grows with the names in the query, never with the number of matches.</remarks>
    public static UnionCursor Open(FactQuery query, ITermIndex index, Position after, Position until, bool backward)
    {
        Invariant.Holds(query.Wrong is null);
        var bounds = new Bounds(index, after, until, backward);
        var items = new List<(PositionCursor, bool)>(query.Count);
        foreach (var item in query.Items)
            if (Open(item, bounds) is { } cursor) items.Add((cursor, NeedsCheck(item)));
        return new UnionCursor(items, backward);
    }

    /// <summary>The lists do not contain the prefix of a key, nor whether a store is hidden unless it is named.</summary>
    static bool NeedsCheck(FactQueryItem item) => item.Store is null || item.KeyPrefix is { Length: > 0 };

    /// <summary>The positions that have everything that an item names; null if there are none.</summary>
    static PositionCursor? Open(FactQueryItem item, Bounds bounds)
    {
        if (item.IsEverything) return new EveryPositionCursor(bounds.After, bounds.Until, bounds.Backward);

        var choices = Choices(item, bounds);
        choices.Sort((one, other) => one.CountAtMost.CompareTo(other.CountAtMost));
        if (choices[0].CountAtMost == 0) return null;

        var cursors = new PositionCursor[choices.Count];
        for (var i = 0; i < cursors.Length; i++)
        {
            cursors[i] = bounds.Open(choices[i]);
            // The others need not be opened, which could read a block of each.
            if (cursors[i].Current == Position.None) return null;
        }

        return cursors is [var only] ? only : new IntersectionCursor(cursors);
    }

    /// <summary>A fact must have one term of each choice.</summary>
    static List<Choice> Choices(FactQueryItem item, Bounds bounds)
    {
        var choices = new List<Choice>();
        if (item.Store is { } store) choices.Add(bounds.Choice(item.Key is { } key ? Term.Stream(new StreamName(store, key)) : Term.Store(store)));
        if (item.Types.Count > 0) choices.Add(bounds.Choice([.. item.Types.Select(Term.Type)]));
        foreach (var tag in item.Tags) choices.Add(bounds.Choice(Term.Tag(tag)));
        return choices;
    }

    /// <summary>Terms of which a fact must have one, and an upper bound of the number of such facts.</summary>
    readonly record struct Choice(IReadOnlyList<Term> Terms, long CountAtMost);

    /// <summary>A range of the index, in a direction.</summary>
    readonly record struct Bounds(ITermIndex Index, Position After, Position Until, bool Backward)
    {
        public Choice Choice(params ReadOnlySpan<Term> terms)
        {
            var found = new List<Term>(terms.Length);
            var total = 0L;
            foreach (var term in terms)
            {
                var count = Index.CountAtMost(term, After, Until);
                if (count > 0) found.Add(term);
                total += count;
            }

            return new Choice(found, total);
        }

        public PositionCursor Open(Choice choice)
        {
            if (choice.Terms is [var only]) return Open(only);
            var cursors = new (PositionCursor, bool)[choice.Terms.Count];
            for (var i = 0; i < cursors.Length; i++) cursors[i] = (Open(choice.Terms[i]), false);
            return new UnionCursor(cursors, Backward);
        }

        PositionCursor Open(Term term) => Index.Open(term, After, Until, Backward);
    }
}
