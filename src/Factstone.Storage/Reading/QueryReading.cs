namespace Factstone.Storage;

/// <summary>Finds the facts that match a query: the index gives candidates, and those that it cannot decide are compared with the query itself.</summary>
/// <remarks>Threads: any number. Candidates come in pages, so that nothing is held between two of them.</remarks>
internal sealed class QueryReading(FactIndex index, DamageLog damage, IndexedReading facts, StreamTruncations truncations)
{
    /// <summary>A read of one fact uses a small page; a read that continues gets larger ones.</summary>
    const int PageMin = 16;
    const int PageMax = 256;

    /// <summary>Up to this many facts in memory are compared one by one, which takes less time than to look up the lists of a query's terms.</summary>
    const int ProbedMax = 512;

    public IEnumerable<Fact> Read(FactQuery query, Position after, Position until, bool backward)
    {
        using var window = IndexedReading.NewWindow(isLong: query.IsAll);
        var reader = new FactReader(damage, window, facts.FactValues);
        foreach (var candidate in Candidates(query, after, until, backward))
        {
            if (!MayMatch(query, candidate)) continue;
            if (facts.ReadAt(reader, candidate.Position) is var fact && (!candidate.NeedsCheck || query.Matches(fact))) yield return fact;
        }
    }

    /// <summary>Passes each matching fact to a visitor, in place.</summary>
    public void Fold(FactQuery query, Position after, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken)
    {
        if (IsScan(query, after, until, backward))
        {
            facts.Fold(query, backward ? until : after.Next(), until, backward, visitor, cancellationToken);
            return;
        }

        using var showing = facts.Show(isLong: query.IsAll, visitor, cancellationToken);
        foreach (var candidate in Candidates(query, after, until, backward))
        {
            if (!MayMatch(query, candidate)) continue;
            if (!showing.At(facts.LocationOf(candidate.Position), candidate.NeedsCheck ? query : null)) return;
        }
    }

    /// <summary>The first position in a range whose fact matches; none if there is none.</summary>
    public Position First(FactQuery query, Position after, Position until)
    {
        if (until <= after) return Position.None;
        if (until.Value - after.Value <= ProbedMax && index.TryFirstMatch(query, after, until, out var first))
        {
            RefuseHole(query, after, first > Position.None ? first : until);
            if (first == Position.None) facts.RefuseUnknownEnd(until);
            return first;
        }

        foreach (var candidate in Candidates(query, after, until, backward: false))
            if (Matches(query, candidate)) return candidate.Position;
        return Position.None;
    }

    /// <summary>The same without dropped facts.</summary>
    Position FirstHeld(FactQuery query, Position after, Position until)
    {
        var lastTruncation = truncations.LastReceipt;
        while (true)
        {
            var found = First(query, after, until);
            if (found == Position.None || found > lastTruncation || truncations.IsHeld(found)) return found;
            after = found;
        }
    }

    public long Count(FactQuery query, Position after, Position until)
    {
        var count = 0L;
        foreach (var candidate in Candidates(query, after, until, backward: false))
            if (Matches(query, candidate)) count++;
        return count;
    }

    /// <summary>Searches up to the head for facts that the conditions by query of an append exclude.</summary>
    public IndexSnapshot Prepare(PreparedAppend append, IndexSnapshot snapshot, Position head)
    {
        var matches = new Position[append.Conditions.Count];
        for (var i = 0; i < matches.Length; i++)
            if (append.Conditions[i] is { Query: { } query } condition) matches[i] = condition.After is { } after ? First(query, facts.SearchedAfter(after), head) : FirstHeld(query, facts.SearchedAfter(Position.None), head);
        facts.Preparing();
        return new IndexSnapshot(snapshot) { Head = head, Matches = matches };
    }

    IEnumerable<Candidate> Candidates(FactQuery query, Position after, Position until, bool backward)
    {
        var page = new Candidate[PageMin];
        var isLast = false;
        if (backward) facts.RefuseUnknownEnd(until);
        while (after < until && !isLast)
        {
            var (low, high) = (after, until);
            var count = facts.Lookup(() => Fill(page, query, low, high, backward));
            isLast = count < page.Length;
            for (var i = 0; i < count; i++)
            {
                var position = page[i].Position;
                var before = new Position(position.Value - 1);
                RefuseHole(query, backward ? before : after, backward ? until : position);
                yield return page[i];
                if (backward) until = before;
                else after = position;
            }

            if (page.Length < PageMax) page = new Candidate[page.Length * 4];
            facts.BetweenPages();
        }

        RefuseHole(query, after, until);
        if (!backward) facts.RefuseUnknownEnd(until);
    }

    int Fill(Candidate[] page, FactQuery query, Position after, Position until, bool backward)
    {
        var count = 0;
        for (var cursor = QueryCandidates.Open(query, index, after, until, backward); count < page.Length && cursor.Current > Position.None; cursor.MoveNext())
            page[count++] = new Candidate(cursor.Current, cursor.NeedsCheck);
        return count;
    }

    bool Matches(FactQuery query, Candidate candidate) =>
        !facts.IsLost(candidate.Position) && IsMatch(query, candidate);

    bool IsMatch(FactQuery query, Candidate candidate) =>
        !candidate.NeedsCheck || (MatchesInMemory(query, candidate.Position) ?? (facts.ReadAt(candidate.Position) is { } fact && query.Matches(fact)));

    /// <summary>If any fact may match and none is unknown, no candidates are needed.</summary>
    bool IsScan(FactQuery query, Position after, Position until, bool backward) =>
        query.IsAll && !index.IsEndUnknown && until > after && !(backward && after > Position.None) && index.FirstHole(after, until) == Position.None;

    /// <summary>Whether the fact has to be read.</summary>
    bool MayMatch(FactQuery query, Candidate candidate) =>
        !facts.IsLost(candidate.Position) && !(candidate.NeedsCheck && MatchesInMemory(query, candidate.Position) == false);

    /// <summary>Whether a fact matches; null if that is only known from its file.</summary>
    bool? MatchesInMemory(FactQuery query, Position position) => index.TryMemoryFact(position) is { } fact ? fact.Matches(query) : null;

    /// <summary>A fact with a damaged header may be any fact. A read that depends on whether it matches is refused.</summary>
    void RefuseHole(FactQuery query, Position after, Position until)
    {
        if (until <= after) return;
        var hole = index.FirstHole(after, until);
        if (hole > Position.None) throw new LedgerDamagedException($"It is unknown whether the fact at position {hole} matches {query}.", damage.At(hole));
    }

    /// <param name="Position">The position of a fact that may match.</param>
    /// <param name="NeedsCheck">Whether the fact must be compared with the query.</param>
    readonly record struct Candidate(Position Position, bool NeedsCheck);
}
