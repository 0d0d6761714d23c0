using Factstone.Storage;

namespace Factstone.Tests.Reading;

/// <summary>Reads, folds and counts of streams under random bounds return what a test of each fact selects.</summary>
public sealed class StreamQueryRunTests
{
    const int Runs = 200;

    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly string[] Types = ["a", "b", "c", "rare"];

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_way_to_read_a_stream_returns_what_a_plain_filter_selects()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static async (seed, counts) => counts.Count("facts selected", await RunAsync(new Random(seed))));
        Assert.True(counts.Seeds < Runs || counts["facts selected"] > 10_000);
    }

    static async Task<int> RunAsync(Random random)
    {
        var clock = new ManualTimeProvider(Begin);
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, TimeProvider = clock, MemoryFactsMax = random.Next(3) == 0 ? 1_000 : random.Next(4, 60), PreallocationBytesMax = 0 };
        var all = new List<Fact>();
        var dropped = new Dictionary<StreamName, StreamVersion>();
        var selected = 0;
        var ledger = await Ledger.OpenAsync("run", options, Now);
        for (var session = 0; session < 2; session++)
        {
            await FillAsync(ledger, clock, random);
            var head = all.Count == 0 ? Position.None : all[^1].Position;
            all.AddRange(await ledger.ReadAsync(new ReadOptions { From = head.Next() }, Now).ToListAsync(Now));
            if (random.Next(2) == 0) await TruncateAsync(ledger, dropped, random);
            for (var i = 0; i < 30; i++) selected += await CompareAsync(ledger, all, dropped, random);
            if (session > 0) break;
            await ledger.DisposeAsync();
            ledger = await Ledger.OpenAsync("run", options, Now);
        }

        await ledger.DisposeAsync();
        return selected;
    }

    static async Task FillAsync(Ledger ledger, ManualTimeProvider clock, Random random)
    {
        var appends = random.Next(1, 60);
        for (var i = 0; i < appends; i++)
        {
            if (random.Next(3) > 0) clock.Advance(TimeSpan.FromTicks(random.Next(1, 100)));
            await ledger.AppendAsync([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyFact())], Now);
        }

        NewFact AnyFact()
        {
            var type = random.Next(5) == 0 ? null : random.Pick(Types[..(random.Next(20) == 0 ? 4 : 3)]);
            var fact = random.Next(6) == 0 ? NewFact.Retraction(AnyStream(random)) with { Type = type } : new NewFact(AnyStream(random), type, "1");
            return fact with { ValidFrom = random.Next(2) == 0 ? AnyTime(random) : null };
        }
    }

    static async Task TruncateAsync(Ledger ledger, Dictionary<StreamName, StreamVersion> dropped, Random random)
    {
        var stream = AnyStream(random);
        if (await ledger.GetVersionAsync(stream, cancellationToken: Now) is not { Value: > 0 } last) return;
        var through = new StreamVersion(random.NextInt64(1, last.Value + 1));
        await ledger.TruncateAsync(stream, through, "random", cancellationToken: Now);
        if (through > dropped.GetValueOrDefault(stream)) dropped[stream] = through;
    }

    static async Task<int> CompareAsync(Ledger ledger, List<Fact> all, Dictionary<StreamName, StreamVersion> dropped, Random random)
    {
        var stream = AnyStream(random);
        var backward = random.Next(2) == 0;
        var (from, through) = (Version(), random.Next(2) == 0 ? (StreamVersion?)null : Version());
        if (backward && from > StreamVersion.None && through > from) (from, through) = (through.Value, from);
        var asOf = random.Next(3) == 0 ? new Position(random.Next((int)all[^1].Position.Value + 1)) : (Position?)null;
        var options = new StreamReadOptions
        {
            From = from,
            Through = through,
            RecordedFrom = Time(all),
            RecordedThrough = Time(all),
            ValidFrom = random.Next(3) == 0 ? AnyTime(random) : null,
            ValidThrough = random.Next(3) == 0 ? AnyTime(random) : null,
            Types = random.Next(2) == 0 ? [] : [.. Types.Where(_ => random.Next(2) == 0)],
            Backward = backward,
            Limit = random.Next(4) == 0 ? random.Next(6) : null,
            AsOf = asOf ?? LedgerTime.Latest,
        };

        var expected = all.Where(fact => fact.Stream == stream && (asOf is null || fact.Position <= asOf) && IsSelected(fact, options)).ToList();
        if (backward) expected.Reverse();
        var droppedThrough = dropped.GetValueOrDefault(stream);
        var (held, limit) = (expected.Where(fact => fact.StreamVersion > droppedThrough).ToList(), (int)(options.Limit ?? int.MaxValue));
        var positions = held.Take(limit).Select(static fact => fact.Position).ToList();

        // A read with a limit may end before it comes to what was dropped.
        var passesOver = held.Count < expected.Count && limit > 0 && (!backward || held.Count < limit);
        var foldNeeds = expected.Take(limit).Any(fact => fact.StreamVersion <= droppedThrough);

        var reader = asOf is { } point && random.Next(2) == 0 ? ledger.AsOf(point) : (ILedgerReader)ledger;
        var why = $"{stream} {options} dropped through {droppedThrough}";
        var reported = new List<DroppedFacts>();
        var read = await reader.ReadStreamAsync(stream, options with { Dropped = reported.Add }, Now).Select(static fact => fact.Position).ToListAsync(Now);
        Assert.True(positions.SequenceEqual(read), $"{why}: [{string.Join(' ', read)}] instead of [{string.Join(' ', positions)}]");
        Assert.True(passesOver ? reported.Count == 1 && reported[0].Through == droppedThrough : reported.Count == 0, $"{why}: reported [{string.Join(' ', reported)}]");
        try
        {
            var folded = await reader.FoldStreamAsync(stream, new List<Position>(), static (ref seen, in fact) =>
            {
                seen.Add(fact.Position);
                return true;
            }, options, Now);
            Assert.True(!foldNeeds && positions.SequenceEqual(folded), $"a fold of {why}");
        }
        catch (HistoryDroppedException stopped)
        {
            Assert.True(foldNeeds && stopped.Dropped.Through == droppedThrough, $"a fold of {why}: {stopped.Message}");
        }

        Assert.True(positions.Count == await reader.CountStreamAsync(stream, options, Now), $"a count of {why}");
        Assert.True(held.Take(limit).Count(static fact => fact.Retracts) == await reader.CountStreamAsync(stream, static fact => fact.Retracts, options, Now), $"a count where of {why}");
        return positions.Count;

        StreamVersion Version() => random.Next(2) == 0 ? StreamVersion.None : new StreamVersion(random.Next(20) == 0 ? long.MaxValue : random.Next(40));

        DateTimeOffset? Time(List<Fact> all) => random.Next(2) == 0 ? null : random.Pick(all).RecordedAt.AddTicks(random.Next(-15, 16));
    }

    /// <summary>The promise of each option, without the code that keeps it.</summary>
    static bool IsSelected(Fact fact, StreamReadOptions options)
    {
        var version = fact.StreamVersion;
        if (!options.Backward && (version < options.From || version > (options.Through ?? long.MaxValue))) return false;
        if (options.Backward && ((options.From > StreamVersion.None && version > options.From) || version < (options.Through ?? StreamVersion.None))) return false;
        if (options.RecordedFrom is { } recordedFrom && fact.RecordedAt < recordedFrom) return false;
        if (options.RecordedThrough is { } recordedThrough && fact.RecordedAt > recordedThrough) return false;
        var valid = fact.ValidFrom ?? fact.RecordedAt;
        if (options.ValidFrom is { } validFrom && valid < validFrom) return false;
        if (options.ValidThrough is { } validThrough && valid > validThrough) return false;
        return options.Types.Count == 0 || options.Types.Any(type => type == fact.Type);
    }

    static StreamName AnyStream(Random random) => random.Pick<StreamName>(["s/a", "s/a", "s/b", "t/", "t/a"]);

    static DateTimeOffset AnyTime(Random random) => Begin.AddTicks(random.Next(-2_000, 4_000));
}
