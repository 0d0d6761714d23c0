using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>Which runs are merged: few runs remain, and no fact is rewritten often.</summary>
public sealed class RunPlanTests
{
    [Fact]
    public void In_quiet_each_run_comes_to_have_more_than_twice_the_facts_of_all_newer_ones()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 1_000; round++)
        {
            var facts = Enumerable.Range(0, random.Next(30)).Select(_ => (long)Math.Pow(10, random.NextDouble() * 8)).ToList();
            var sum = facts.Sum();
            for (var merges = 0; Merge(facts, RunPlan.NextWhenIdle); merges++) Assert.True(merges < 30, $"seed {seed}");

            Assert.Equal(sum, facts.Sum());
            for (var i = 0; i < facts.Count; i++) Assert.True(facts[i] > 2 * facts.Skip(i + 1).Sum(), $"seed {seed}: {string.Join(' ', facts)}");
            Assert.Equal(0..0, RunPlan.Next([.. facts]));
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("5", "")]
    [InlineData("5 2", "")]
    [InlineData("5 3", "0..2")]
    [InlineData("20000000 5", "")]
    [InlineData("20000000 5 5", "1..3")]
    [InlineData("8 8 1 1 1 1 1 1 1", "1..9")]
    public void The_newest_are_merged_first(string facts, string expected)
    {
        var range = RunPlan.NextWhenIdle([.. facts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)]);
        Assert.Equal(expected, range.Equals(0..0) ? "" : $"{range.Start}..{range.End}");
    }

    [Fact]
    public void What_has_no_space_is_passed_over()
    {
        long[] items = [5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        Assert.Equal(0..8, RunPlan.Next(items));
        Assert.Equal(8..16, RunPlan.Next(items, static range => range.Start.Value >= 8));
        Assert.Equal(0..0, RunPlan.Next(items, static _ => false));
        Assert.Equal(0..0, RunPlan.NextWhenIdle(items, static _ => false));
    }

    // A ledger is opened and becomes idle again and again after a few facts.
    // Idle merges must not rewrite a fact more often than the limit allows.
    [Fact]
    public void A_fact_is_written_anew_a_few_times_for_each_doubling_at_most()
    {
        const int part = 16_384;
        var facts = new List<long>();
        var written = 0L;
        var added = 0L;
        for (; added < 2_000L * part; added += part)
        {
            facts.Add(part);
            while (MergeAndCount(RunPlan.Next) || MergeAndCount(RunPlan.NextWhenIdle)) { }
        }

        Assert.InRange(written / (double)added, 1, 2 * Math.Log2(2_000));
        Assert.InRange(facts.Count, 1, 8);

        bool MergeAndCount(Choice choose)
        {
            var before = facts.ToArray();
            if (!Merge(facts, choose)) return false;
            written += before.Except(facts).Sum() > 0 ? facts.Max(one => before.Contains(one) ? 0 : one) : 0;
            return true;
        }
    }

    delegate Range Choice(ReadOnlySpan<long> facts, Predicate<Range>? hasSpace = null);

    static bool Merge(List<long> facts, Choice choose)
    {
        var (start, length) = choose([.. facts]).GetOffsetAndLength(facts.Count);
        if (length == 0) return false;
        Assert.InRange(length, 2, RunPlan.RunsPerMerge);
        var merged = facts.GetRange(start, length).Sum();
        facts.RemoveRange(start, length);
        facts.Insert(start, merged);
        return true;
    }
}
