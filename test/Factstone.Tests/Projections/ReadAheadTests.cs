using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Projections;

/// <summary>Facts that are read ahead, on another thread, give the states of a full fold.</summary>
public sealed class ReadAheadTests
{
    static readonly ProjectionLimits Limits = new() { ReadAheadMin = 1, FactsPerBatch = 3, BatchesPerTurn = 2, ScannedPositionsMax = 50 };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 1_000_000)]
    [InlineData(false, 4)]
    [InlineData(true, 4)]
    public async Task States_are_those_of_a_full_fold_while_facts_are_appended_and_read(bool isInline, int groupsInMemory)
    {
        var definition = ProjectionLedger.ByKey with { GroupsInMemoryMax = groupsInMemory, SnapshotEvery = 40 };
        await using var ledger = await ProjectionLedger.OpenAsync();
        for (var i = 0; i < 3_000; i++) _ = ledger.AppendAsync($"k{i % 20}", i);
        await ledger.AppendAsync("k1", 1);
        await ledger.ReopenAsync(options => options with
        {
            InlineProjections = isInline ? [definition] : [],
            AsyncProjections = isInline ? [] : [definition],
            ProjectionLimits = Limits with { OpeningPositionsMax = 0 },
        });

        var appends = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++) await ledger.AppendAsync($"k{i % 25}", i);
        }, Cancel);
        var reads = Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) _ = await ledger.Ledger.ReadProjectionAsync(definition, $"k{(i + reader) % 25}", atLeast: new Position(3_000 + i), Cancel);
        }, Cancel)).ToList();
        await Task.WhenAll([appends, .. reads]);

        var head = await ledger.Ledger.GetHeadAsync(Cancel);
        _ = await ledger.Ledger.ReadProjectionAsync(definition, "k1", atLeast: head, Cancel);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, definition));
        Assert.Empty(ledger.Notices);
    }

    // Each close ends the reading in the middle, and the next open goes on from the last snapshot.
    [Fact]
    public async Task A_build_that_is_closed_in_the_middle_goes_on()
    {
        var opens = 0;
        var definition = ProjectionLedger.ByKey with { SnapshotEvery = 20, Step = Step };
        await using var ledger = await ProjectionLedger.OpenAsync();
        for (var i = 0; i < 2_000; i++) _ = ledger.AppendAsync($"k{i % 20}", i);
        await ledger.AppendAsync("k1", 1);
        for (var isBuilt = false; !isBuilt; Interlocked.Increment(ref opens))
        {
            await ledger.ReopenAsync(options => options with { AsyncProjections = [definition], ProjectionLimits = Limits });
            await Task.Delay(opens, Cancel);
            isBuilt = await ledger.Ledger.WatchRebuildAsync(definition, Cancel).FirstOrDefaultAsync(Cancel) is null;
        }

        Assert.True(opens > 2);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, definition));

        Tally Step(Tally tally, Fact fact)
        {
            if (Volatile.Read(ref opens) < 3) Thread.Sleep(20); // no build ends in the first opens
            return Tally.Step(tally, fact);
        }
    }

    // The end of the build waited for the turn of a reader that folded everything.
    [Fact]
    public async Task A_close_does_not_wait_for_a_reader_that_folds()
    {
        using var isClosing = new CancellationTokenSource();
        var definition = ProjectionLedger.ByKey with
        {
            Step = (tally, fact) =>
            {
                isClosing.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1));
                return Tally.Step(tally, fact);
            },
        };
        await using var ledger = await ProjectionLedger.OpenAsync();
        for (var i = 0; i < 60_000; i++) _ = ledger.AppendAsync($"k{i % 20}", i);
        var head = await ledger.AppendAsync("k1", 1);
        await ledger.ReopenAsync(options => options with { AsyncProjections = [definition], ProjectionLimits = Limits with { BatchesPerTurn = 1 } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single().Newest;
        var reading = Task.Run(() => kept.FoldToAsync(head, Cancel).AsTask(), Cancel);

        await ProjectionLedger.UntilAsync(() => Task.FromResult(kept.Seen > new Position(100)));
        await ledger.Ledger.DisposeAsync().AsTask().WaitAsync(ProjectionLedger.Patience, Cancel);
        Assert.True(kept.Seen < head);
        await isClosing.CancelAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(ProjectionLedger.Patience, Cancel));
    }

    [Fact]
    public async Task Values_of_facts_that_wait_are_read_on_another_thread()
    {
        WatchedConverter.Threads.Clear();
        var steps = new ConcurrentDictionary<int, int>();
        var definition = new Projection<long>
        {
            Name = "weights",
            Source = FactQuery.Store("s"),
            Seed = 0,
            Step = (sum, fact) =>
            {
                var value = (Watched)fact.Value!;
                steps[Environment.CurrentManagedThreadId] = 0;
                Thread.Sleep(1);
                return sum + value.Weight;
            },
            Json = ReadAheadJson.Default.Int64,
        };
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.Ledger.AppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(1, 300).Select(static i => new NewFact(new StreamName("s", "a"), "watched", $"{i}"))] }, Cancel);
        await ledger.ReopenAsync(options => options with { Types = new FactTypes(ReadAheadJson.Default).Add<Watched>("watched"), AsyncProjections = [definition], ProjectionLimits = Limits });

        Assert.Equal(300 * 301 / 2, (await ledger.Ledger.ReadProjectionAsync(definition, atLeast: new Position(300), cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel)).State);
        Assert.Contains(WatchedConverter.Threads.Keys, thread => !steps.ContainsKey(thread));
    }

    // A value that cannot be read fails the step that asks for it, and no other.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_that_cannot_be_read_is_the_error_of_the_step_that_asks_for_it(bool asks)
    {
        var types = new FactTypes(ReadAheadJson.Default).Add<Parcel>("parcel").Add<Broken>("broken");
        var definition = new Projection<long>
        {
            Name = "weights",
            Source = FactQuery.Stream(new StreamName("s", "a")),
            Seed = 0,
            Step = (sum, fact) => fact.Type == "broken" && !asks ? sum : sum + ((Parcel)fact.Value!).Weight,
            Json = ReadAheadJson.Default.Int64,
        };
        await using var ledger = await ProjectionLedger.OpenAsync();
        for (var i = 1; i <= 600; i++)
            _ = ledger.Ledger.AppendAsync(new AppendRequest(i == 400 ? new NewFact(new StreamName("s", "a"), "broken", "{\"weight\":\"none\"}") : new NewFact(new StreamName("s", "a"), "parcel", $"{{\"weight\":{i}}}")), Cancel).AsTask();
        await ledger.AppendAsync("b", 1);
        await ledger.ReopenAsync(options => options with { Types = types, AsyncProjections = [definition], ProjectionLimits = Limits });

        if (asks)
        {
            var failed = await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.ReadProjectionAsync(definition, cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
            Assert.Equal(400, failed.Position.Value);
        }
        else
        {
            Assert.Equal((600 * 601 / 2) - 400, (await ledger.Ledger.ReadProjectionAsync(definition, cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel)).State);
        }
    }
}

public sealed record Parcel(long Weight);

public sealed record Broken(long Weight);

/// <summary>A value whose JSON is a number, and whose converter says which threads have read it.</summary>
[JsonConverter(typeof(WatchedConverter))]
public sealed record Watched(long Weight);

internal sealed class WatchedConverter : JsonConverter<Watched>
{
    public static ConcurrentDictionary<int, int> Threads { get; } = new();

    public override Watched Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Threads[Environment.CurrentManagedThreadId] = 0;
        return new Watched(reader.GetInt64());
    }

    public override void Write(Utf8JsonWriter writer, Watched value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Weight);
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Parcel))]
[JsonSerializable(typeof(Broken))]
[JsonSerializable(typeof(Watched))]
[JsonSerializable(typeof(long))]
internal sealed partial class ReadAheadJson : JsonSerializerContext;
