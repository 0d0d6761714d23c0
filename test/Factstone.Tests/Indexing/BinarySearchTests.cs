using Factstone.Storage;
using Xunit;

namespace Factstone.Tests.Indexing;

/// <summary>The binary search returns the number of leading items that match, for any length and any known lower bound.</summary>
public sealed class BinarySearchTests
{
    [Fact]
    public void It_counts_the_first_items_of_every_short_list()
    {
        for (var count = 0; count <= 40; count++)
        {
            for (var first = 0; first <= count; first++)
            {
                for (var known = 0; known <= first; known++) Assert.Equal(first, BinarySearch.Count(new Below(first), count, known));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(int.MaxValue - 1)]
    [InlineData(int.MaxValue)]
    public void The_longest_list_does_not_overflow(int first) => Assert.Equal(first, BinarySearch.Count(new Below(first), int.MaxValue));

    readonly struct Below(int limit) : IFirstItems
    {
        public bool Contains(int number) => number < limit;
    }
}
