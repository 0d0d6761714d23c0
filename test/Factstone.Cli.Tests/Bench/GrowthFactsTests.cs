using Factstone.Cli.Growth;

namespace Factstone.Cli.Tests;

public sealed class GrowthFactsTests
{
    static readonly GrowthFacts Facts = new(new GrowthSize(100_000, 1_001, [10, 1_000]));

    [Fact]
    public void Long_streams_have_their_versions_spread_evenly_and_it_is_known_how_many_there_are_at_any_position()
    {
        long[] counts = [0, 0];
        var first = new long[2];
        for (var n = 0L; n < Facts.Size.Facts; n++)
        {
            for (var i = 0; i < 2; i++)
            {
                if (Facts[n].Stream == GrowthFacts.LongStream(Facts.Size.LongStreams[i]) && counts[i]++ == 0) first[i] = n;
                Assert.Equal(counts[i], Facts.VersionsUntil(i, new Position(n + 1)));
            }
        }

        Assert.Equal(Facts.Size.LongStreams, counts);
        Assert.True(first[0] < 10_000 && first[1] < 100, "The first version is in the first of as many parts as there are versions.");
    }

    // A query for two tags, one even and one odd, intersects two non-empty lists that have no fact in common.
    [Fact]
    public void No_fact_has_two_tags_that_are_said_never_to_meet()
    {
        var tags = new HashSet<string>();
        for (var n = 0L; n < 20_000; n++)
        {
            var (customer, product) = (Number(Facts[n].Tags[0], "customer:"), Number(Facts[n].Tags[1], "product:"));
            Assert.Equal(customer % 2, product % 2);
            Assert.InRange(customer, 0, 1_000);
            Assert.InRange(product, 0, 1_000);
            tags.UnionWith(Facts[n].Tags);
        }

        var random = new Random(1);
        for (var i = 0; i < 1_000; i++)
        {
            var two = Facts.TagsThatNeverMeet(random);
            Assert.NotEqual(Number(two[0], "customer:") % 2, Number(two[1], "product:") % 2);
            Assert.True(tags.IsSupersetOf(two));
        }

        static long Number(string tag, string kind)
        {
            Assert.StartsWith(kind, tag, StringComparison.Ordinal);
            return long.Parse(tag.AsSpan(kind.Length), System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    // Each of 1,001 keys is expected 100 times, minus the facts of long streams; 6 standard deviations are 60.
    [Fact]
    public void Keys_are_drawn_uniformly_and_the_same_each_time()
    {
        var counts = new int[1_001];
        for (var n = 0L; n < 100_000; n++) counts[Facts.KeyOf(n)]++;
        Assert.All(counts, count => Assert.InRange(count, 40, 160));
        var again = new GrowthFacts(Facts.Size);
        for (var n = 0L; n < 1_000; n++) Assert.Equal(Facts[n].Stream, again[n].Stream);
    }
}
