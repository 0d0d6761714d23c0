using System.Globalization;
using Xunit;

namespace Factstone.Storage;

/// <summary>
/// For every query, the index returns each matching fact once and in order, and marks the candidates that it cannot decide.
/// </summary>
public sealed class QueryCandidatesTests
{
    const int Runs = 300;

    static ListIndex Index(IEnumerable<IndexedFact> facts)
    {
        var index = new ListIndex();
        foreach (var fact in facts) index.Add(fact);
        return index;
    }

    static bool Matches(FactQuery query, IndexedFact fact) => query.Matches(fact.Store, fact.Key, fact.Type, fact.Tags);

    static List<(long Position, bool NeedsCheck)> Walk(UnionCursor cursor)
    {
        var found = new List<(long, bool)>();
        for (; cursor.Current != Position.None; cursor.MoveNext()) found.Add((cursor.Current.Value, cursor.NeedsCheck));
        return found;
    }

    [Fact]
    public async Task All_that_match_are_found_once_and_in_order_and_what_needs_no_check_matches()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) =>
        {
            var random = new RandomFacts(seed);
            var facts = random.Facts(200);
            var index = Index(facts);
            for (var i = 0; i < 30; i++)
            {
                var query = random.Query();
                var (after, until) = random.Range(facts.Count);
                var backward = random.Chance(2);
                var about = $"{query} in ({after}, {until}]{(backward ? " backward" : "")}";

                var found = Walk(QueryCandidates.Open(query, index, after, until, backward));
                var expected = facts.Where(fact => fact.Position > after.Value && fact.Position <= until.Value && Matches(query, fact)).Select(fact => fact.Position);
                var kept = found.Where(candidate => !candidate.NeedsCheck || Matches(query, facts[(int)candidate.Position - 1])).Select(candidate => candidate.Position).ToList();
                Assert.True((backward ? expected.Reverse() : expected).SequenceEqual(kept), $"{about}: {string.Join(' ', kept)}");

                var inOrder = found.Select(candidate => candidate.Position).Distinct().Order();
                Assert.True((backward ? inOrder.Reverse() : inOrder).SequenceEqual(found.Select(candidate => candidate.Position)), about);
                Assert.True(found.TrueForAll(candidate => candidate.Position > after.Value && candidate.Position <= until.Value), about);

                counts.Count("matching", kept.Count);
                counts.Count("checked", found.Count(candidate => candidate.NeedsCheck));
                counts.Count("failed a check", found.Count - kept.Count);
            }
        });

        if (counts.Seeds < Runs) return;
        Assert.All(["matching", "checked"], what => Assert.True(counts[what] > 10_000, what));
        Assert.True(counts["failed a check"] > 1_000);
    }

    [Fact]
    public Task To_leap_ahead_finds_what_going_there_step_by_step_does() => new SeedRuns(Runs).RunAsync(static (seed, _) =>
    {
        var random = new RandomFacts(seed);
        var facts = random.Facts(150);
        var index = Index(facts);
        for (var i = 0; i < 30; i++)
        {
            var query = random.Query();
            var (after, until) = random.Range(facts.Count);
            var backward = random.Chance(2);
            var about = $"{query} in ({after}, {until}]{(backward ? " backward" : "")}";

            var expected = Walk(QueryCandidates.Open(query, index, after, until, backward));
            var cursor = QueryCandidates.Open(query, index, after, until, backward);
            for (var at = 0; at < expected.Count;)
            {
                Assert.True(expected[at] == (cursor.Current.Value, cursor.NeedsCheck), about);
                if (random.Chance(3))
                {
                    cursor.MoveNext();
                    at++;
                    continue;
                }

                // The target is sometimes behind the cursor and sometimes beyond the end.
                var target = backward ? random.Between(1, expected[at].Position + 3) : random.Between(Math.Max(1, expected[at].Position - 3), facts.Count + 5);
                cursor.MoveTo(new Position(target));
                while (at < expected.Count && (backward ? expected[at].Position > target : expected[at].Position < target)) at++;
            }

            Assert.True(cursor.Current == Position.None, about);
            Assert.True(!cursor.NeedsCheck, about);
            cursor.MoveNext();
            cursor.MoveTo(until);
            Assert.True(cursor.Current == Position.None, about);
        }
    });

    // List n contains the positions that n divides, so it is n times rarer than all positions.
    static ListIndex Multiples(int count, params int[] of)
    {
        var index = new ListIndex();
        for (var position = 1L; position <= count; position++)
            foreach (var n in of)
                if (position % n == 0) index.Add(Term.Tag(n.ToString(CultureInfo.InvariantCulture)), position);
        return index;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_rarest_list_leads(bool backward)
    {
        const int Count = 100_000;
        var index = Multiples(Count, 1, 2, 3, 10_000);
        var found = Walk(QueryCandidates.Open([new() { Tags = ["1", "2", "3", "10000"] }], index, Position.None, new Position(Count), backward));
        Assert.Equal(backward ? [90_000, 60_000, 30_000] : [30_000L, 60_000, 90_000], found.Select(candidate => candidate.Position));
        Assert.InRange(index.Moves, 1, 10 * 4 * 2);
    }

    [Fact]
    public void A_list_that_is_missing_or_at_its_end_leaves_the_others_alone()
    {
        var index = Multiples(100_000, 1, 2, 50_000);
        var until = new Position(100_000);
        Assert.Empty(Walk(QueryCandidates.Open([new() { Tags = ["1", "2", "none"] }], index, Position.None, until, backward: false)));
        Assert.Empty(Walk(QueryCandidates.Open([new() { Types = ["none", "either"] }], index, Position.None, until, backward: false)));
        Assert.Equal((0, 0L), (index.Opened, index.Moves));

        Assert.Equal([50_000, 100_000], Walk(QueryCandidates.Open([new() { Tags = ["1", "50000"] }], index, Position.None, until, backward: false)).Select(candidate => candidate.Position));
        Assert.InRange(index.Moves, 1, 8);
    }

    [Fact]
    public void To_open_is_not_to_read_and_to_go_on_allocates_nothing()
    {
        const int Count = 60_000;
        var index = Multiples(Count, 2, 3, 5, 7);
        FactQuery query = [new() { Tags = ["2", "3"] }, new() { Tags = ["5"] }, new() { Tags = ["7", "2"] }, new() { Types = ["none"] }];
        _ = QueryCandidates.Open(query, index, Position.None, new Position(Count), backward: false);
        Assert.InRange(index.Moves, 0, 10);
        Assert.Equal(5, index.Opened);

        var cursors = new Queue<UnionCursor>(Enumerable.Range(0, 10).Select(_ => QueryCandidates.Open(query, index, Position.None, new Position(Count), backward: false)));
        var found = 0;
        Assert.Equal(0, Allocated.Least(() =>
        {
            found = 0;
            for (var cursor = cursors.Dequeue(); cursor.Current != Position.None; cursor.MoveNext()) found++;
        }));
        Assert.Equal(Enumerable.Range(1, Count).Count(p => p % 6 == 0 || p % 5 == 0 || p % 14 == 0), found);
    }

    [Fact]
    public void Only_what_the_lists_cannot_tell_needs_a_check()
    {
        var index = Index([new(1, "a", "12", "placed", ["t1"]), new(2, "a", "2", "placed", ["t1"]), new(3, "$receipts", "1", "placed", ["t1"])]);
        List<(long, bool)> Candidates(FactQuery query) => Walk(QueryCandidates.Open(query, index, Position.None, new Position(3), backward: false));

        Assert.Equal([(1, false), (2, false)], Candidates(FactQuery.Store("a")));
        Assert.Equal([(1, false)], Candidates(FactQuery.Stream("a/12")));
        Assert.Equal([(3, false)], Candidates([new() { Store = "$receipts", Tags = ["t1"], Types = ["placed"] }]));
        Assert.Equal([(1, true), (2, true)], Candidates([new() { Store = "a", KeyPrefix = "1" }]));
        Assert.Equal([(1, false), (2, false)], Candidates([new() { Store = "a", KeyPrefix = "" }]));
        Assert.Equal([(1, true), (2, true), (3, true)], Candidates(FactQuery.Tags("t1")));
        Assert.Equal([(1, true), (2, true), (3, true)], Candidates(FactQuery.All));
        Assert.Equal([(1, true), (2, false), (3, true)], Candidates([new() { Types = ["placed"] }, new() { Store = "a", Key = "2" }]));
    }

    [Fact]
    public void An_empty_range_has_no_candidates()
    {
        var index = Index(new RandomFacts(1).Facts(10));
        foreach (var backward in new[] { false, true })
            foreach (var query in new[] { FactQuery.All, FactQuery.Store("a") })
            {
                Assert.Empty(Walk(QueryCandidates.Open(query, index, new Position(5), new Position(5), backward)));
                Assert.Empty(Walk(QueryCandidates.Open(query, index, Position.None, Position.None, backward)));
            }
    }

    [Fact]
    public void A_query_that_was_not_checked_is_a_mistake_of_ours() =>
        Assert.Throws<InvariantException>(() => QueryCandidates.Open([], new ListIndex(), Position.None, Position.None, backward: false));
}
