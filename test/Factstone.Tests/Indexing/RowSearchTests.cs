using System.Numerics;
using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>
/// The interpolation search for a row finds the same row as a linear count, and needs at most a few steps more than a binary search.
/// </summary>
public sealed class RowSearchTests
{
    public static TheoryData<string> Shapes => [nameof(Shape.Even), nameof(Shape.AllEqual), nameof(Shape.FewValues), nameof(Shape.Jumps), nameof(Shape.Doubling), nameof(Shape.AtTheEnds), nameof(Shape.BeyondDoubles)];

    [Theory]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public void Whatever_the_rows_are_it_finds_what_a_plain_count_finds(string shape)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 400; round++)
        {
            var rows = Rows(random, Enum.Parse<Shape>(shape), random.Next(1, round < 300 ? 20 : 2_000));
            for (var i = 0; i < 40; i++)
            {
                // Most values are those of a row or next to one.
                var value = random.Next(4) == 0 ? random.NextInt64(rows[0], long.MaxValue) : Math.Clamp(rows[random.Next(rows.Length)] + random.Next(-1, 2), rows[0], long.MaxValue - 1);
                var behind = Math.Max(rows[^1], value + 1);
                var end = random.Next(2) == 0 ? behind : random.NextInt64(behind, long.MaxValue);

                Looked = 0;
                var found = RowSearch.CountUntil(new Table(rows), rows.Length, rows[0], end, value);

                Assert.True(rows.Count(row => row <= value) == found, $"seed {seed}, {shape}, {rows.Length} rows: {found} at or below {value} of {string.Join(' ', rows.Take(50))}");
                Assert.InRange(Looked, 0, (3 * BitOperations.Log2((uint)rows.Length)) + 3);
            }
        }
    }

    [Fact]
    public void Rows_that_grow_evenly_take_a_handful_of_looks()
    {
        long[] rows = [.. Enumerable.Range(0, 100_000).Select(i => 1_700_000_000_000_000 + (i * 1_000L))];
        foreach (var i in (int[])[0, 1, 777, 50_000, 99_998, 99_999])
        {
            Looked = 0;
            Assert.Equal(i + 1, RowSearch.CountUntil(new Table(rows), rows.Length, rows[0], rows[^1] + 1_000, rows[i] + 500));
            Assert.InRange(Looked, 0, 6);
        }
    }

    [ThreadStatic]
    static int Looked;

    enum Shape { Even, AllEqual, FewValues, Jumps, Doubling, AtTheEnds, BeyondDoubles }

    static long[] Rows(Random random, Shape shape, int count)
    {
        var start = random.NextInt64(2_000_000_000_000_000);
        long[] rows = shape switch
        {
            Shape.Even => [.. Enumerable.Range(0, count).Select(i => start + (i * 1_000L) + random.Next(500))],
            Shape.AllEqual => [.. Enumerable.Repeat(start, count)],
            Shape.FewValues => [.. Enumerable.Range(0, count).Select(_ => start + random.Next(4))],
            Shape.Jumps => [.. Enumerable.Range(0, count).Select(i => start + i + (random.Next(3) == 0 ? 300_000_000_000_000_000 : 0))],
            Shape.Doubling => [.. Enumerable.Range(0, count).Select(i => 1L << (i % 62))],
            Shape.AtTheEnds => [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? long.MinValue / 2 + i : (long.MaxValue / 2) - i)],

            // Many of these are equal when they are converted to floating point.
            _ => [.. Enumerable.Range(0, count).Select(_ => long.MaxValue - 10_000 + random.Next(3_000))],
        };
        Array.Sort(rows);
        return rows;
    }

    readonly struct Table(long[] rows) : ISortedRows
    {
        public long this[long number]
        {
            get
            {
                Looked++;
                return rows[number];
            }
        }
    }
}
