namespace Factstone.Bench;

/// <summary>W5, W6, W7 and W9: reads of a million loaded facts.</summary>
internal static class LoadedReads
{
    const int Draws = 1 << 20;
    const int Seed = 5;

    public static IComparedWorkload LatestByKey(BenchContext context)
    {
        var loaded = context.Loaded;
        var keys = Drawn(loaded.Facts.Keys);
        return new LoadedRead(context)
        {
            Name = "W5",
            What = $"latest by key, {loaded.Facts.Keys:N0} keys, uniformly drawn",
            Unit = "reads/s",
            Must = Bar.Times(3, Side.Sqlite),
            Goal = Bar.Rate(4_000_000),
            Read = (store, n) => store.ReadLatestAsync(keys[n % Draws]),
            Expected = n => loaded.Expected.Latest(keys[n % Draws]),
        };
    }

    public static IComparedWorkload WholeStreams(BenchContext context)
    {
        var loaded = context.Loaded;
        var streams = Drawn(loaded.Facts.WholeStreams);
        return new LoadedRead(context)
        {
            Name = "W6",
            What = $"a stream of {LoadedFacts.FactsPerStream:N0} facts, {loaded.Facts.WholeStreams:N0} streams, uniformly drawn",
            Must = Bar.Times(1, Side.Sqlite),
            Goal = Bar.Rate(10_000_000),
            FactsPerRead = LoadedFacts.FactsPerStream,
            Read = (store, n) => store.ReadStreamAsync(loaded.Facts.Keys + streams[n % Draws]),
            Expected = n => loaded.Expected.Whole(loaded.Facts.Keys + streams[n % Draws]),
        };
    }

    public static IComparedWorkload Count(BenchContext context) => new LoadedRead(context)
    {
        Name = "W7-count",
        What = "scan and fold of all facts: count",
        Must = Bar.Times(0.7, Side.Sqlite),
        Goal = Bar.Rate(15_000_000),
        FactsPerRead = context.Loaded.Facts.Count,
        Read = (store, _) => store.CountAsync(),
        Expected = _ => context.Loaded.Facts.Count,
    };

    public static IComparedWorkload Sum(BenchContext context) => new LoadedRead(context)
    {
        Name = "W7-sum",
        What = "scan and fold of all facts: sum of one JSON field",
        Must = Bar.Times(1, Side.Sqlite),
        Goal = Bar.Rate(8_000_000),
        FactsPerRead = context.Loaded.Facts.Count,
        Read = (store, _) => store.SumAsync(),
        Expected = _ => context.Loaded.Expected.Total,
    };

    public static IComparedWorkload AsOf(BenchContext context)
    {
        var loaded = context.Loaded;
        var first = loaded.Expected.FirstOfRecord;
        var facts = Drawn(loaded.Facts.Count - first);
        return new LoadedRead(context)
        {
            Name = "W9",
            What = $"as of a recorded time, uniformly drawn, a record of {loaded.Facts.Count / 10:N0} versions",
            Unit = "reads/s",
            Must = Bar.Times(1.5, Side.Sqlite),
            Goal = Bar.Rate(1_500_000),
            Read = (store, n) => store.ReadAsOfAsync(loaded.Facts.Record, loaded.Times[first + facts[n % Draws]]),
            Expected = n => loaded.Expected.RecordAsOf(first + facts[n % Draws]),
        };
    }

    static int[] Drawn(int below)
    {
        var random = new Random(Seed);
        var drawn = new int[Draws];
        for (var i = 0; i < drawn.Length; i++) drawn[i] = random.Next(below);
        return drawn;
    }
}
