using Factstone.Storage;
using Xunit;

namespace Factstone.Tests.Indexing;

/// <summary>The binary search counts the first items, however many there are and however many are known to the caller.</summary>
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
