using System.Collections.Concurrent;
using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Following;

/// <summary>
/// One seed: writers, and followers with random queries and starts. Some followers
/// are slow, some pause, some are interrupted, and some use a read-only ledger.
/// </summary>
/// <remarks>The expected facts come from the receipts of the writers, not from a read. Memory holds few facts, so most starts are older.
/// The machine decides the order of the threads.</remarks>
internal sealed class FollowerRun(int seed) : IAsyncDisposable
{
    static readonly string[] Stores = ["a", "b", "bb"];
    static readonly string[] Types = ["placed", "paid", "sent"];
    static readonly string[] Tags = ["t1", "t2", "rare"];
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<long, Written> _written = new();
    readonly MemoryFileSystem _files = new();
    readonly TaskCompletionSource<long> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Ledger _ledger = null!;
    Ledger _reader = null!;

    /// <summary>The number of facts delivered, over all followers.</summary>
    public long Given { get; private set; }

    public async Task RunAsync()
    {
        var random = new Random(seed);
        _ledger = await Ledger.OpenAsync("ledger", Options());
        await WriteAsync(random.Next(), random.Next(2_000), inFlight: 100);
        if (random.Next(2) == 0)
        {
            await _ledger.DisposeAsync();
            _ledger = await Ledger.OpenAsync("ledger", Options());
        }

        _reader = await Ledger.OpenReadOnlyAsync("ledger", Options());
        var followers = Enumerable.Range(0, random.Next(3, 8)).Select(_ => Seeded(random, FollowAsync)).ToList();
        var writers = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Seeded(random, own => WriteAsync(own.Next(), own.Next(200, 1_500), own.Next(1, 50))));
        await Task.WhenAll(writers).WaitAsync(Patience);
        var head = await _ledger.GetHeadAsync();
        Assert.Equal(_written.Count, head.Value);
        _end.SetResult(head.Value);
        await Task.WhenAll(followers).WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    static Task Seeded(Random random, Func<Random, Task> run)
    {
        var own = new Random(random.Next());
        return Task.Run(() => run(own));
    }

    async Task WriteAsync(int writerSeed, int appends, int inFlight)
    {
        var random = new Random(writerSeed);
        await using var appender = _ledger.OpenAppender(new AppenderOptions { MaxInFlight = inFlight });
        for (var i = 0; i < appends; i++)
        {
            NewFact[] facts = [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(1, 20) : 1).Select(_ => Fact(random))];
            await appender.SendAsync(new AppendRequest { Facts = facts }, outcome =>
            {
                var receipt = outcome.EnsureCommittedOrDuplicate();
                for (var n = 0; n < facts.Length; n++) Assert.True(_written.TryAdd(receipt.FirstPosition.Value + n, new Written(facts[n], receipt.RecordedAt)));
            });
            if (random.Next(200) == 0) await Task.Delay(random.Next(3));
        }
    }

    async Task FollowAsync(Random random)
    {
        await Task.Delay(random.Next(10));
        var query = Query(random);
        var (follower, start, from) = await OpenAsync(random, query);
        var given = new List<Fact>();
        var pauseAt = random.Next(4) == 0 ? random.Next(1_000) : -1;
        var slowness = random.Next(3) == 0 ? random.Next(20, 200) : 0;
        while (true)
        {
            using var interruption = new CancellationTokenSource();
            var ending = EndAsync(follower, interruption, random.Next(3) == 0 ? random.Next(1, 40) : null);
            try
            {
                await foreach (var fact in follower.WithCancellation(interruption.Token))
                {
                    given.Add(fact);
                    Assert.Equal(fact.Position, follower.Position);
                    if (given.Count == pauseAt) await _end.Task;
                    if (slowness > 0 && given.Count % slowness == 0) await Task.Delay(1);
                }
            }
            catch (OperationCanceledException)
            {
                // The follower was interrupted or has reached the end.
            }

            if (await ending) break;
            follower = Either(random).OpenFollower(query, Options(random, FollowStart.After(await ShownAsync(follower.Position))));
        }

        Assert.Equal(default, follower.GetLag());
        var expected = _written.Where(one => one.Key > start && one.Value.RecordedAt >= from && Matches(query, one.Value.Fact)).OrderBy(one => one.Key).ToList();
        Assert.Equal(expected.Select(one => one.Key), given.Select(fact => fact.Position.Value));
        Assert.Equal(expected.Select(one => one.Value.Fact.Correlation), given.Select(fact => fact.Correlation));
        lock (_written) Given += given.Count;
    }

    /// <summary>
    /// Returns true when the follower has reached the end of everything written,
    /// and false when it is interrupted earlier. Cancels it in both cases.
    /// </summary>
    async Task<bool> EndAsync(Follower follower, CancellationTokenSource interruption, int? afterMilliseconds)
    {
        var end = _end.Task;
        if (afterMilliseconds is { } after && await Task.WhenAny(end, Task.Delay(after)) != end)
        {
            await interruption.CancelAsync();
            return false;
        }

        var head = await end;
        while (follower.Position.Value < head) await Task.Delay(1);
        await interruption.CancelAsync();
        return true;
    }

    /// <summary>Opens a follower. It must deliver the facts after a position that were recorded at a given time or later.</summary>
    async Task<(Follower Follower, long After, DateTimeOffset From)> OpenAsync(Random random, FactQuery query)
    {
        var ledger = Either(random);
        var head = (await ledger.GetHeadAsync()).Value;
        switch (random.Next(5))
        {
            case 0:
                return (ledger.OpenFollower(query, Options(random, default)), 0, DateTimeOffset.MinValue);
            case 1:
                var at = random.NextInt64(1, head + 2);
                return (ledger.OpenFollower(query, Options(random, FollowStart.At(new Position(at)))), at - 1, DateTimeOffset.MinValue);
            case 2:
                var after = random.NextInt64(0, head + 1);
                return (ledger.OpenFollower(query, Options(random, FollowStart.After(new Position(after)))), after, DateTimeOffset.MinValue);
            case 3 when !_written.IsEmpty:
                var time = _written.ElementAt(random.Next(_written.Count)).Value.RecordedAt.AddMicroseconds(random.Next(-1, 1));
                return (ledger.OpenFollower(query, Options(random, FollowStart.AtTime(time))), 0, time);
            default:
                var follower = ledger.OpenFollower(query, Options(random, FollowStart.Now));
                Assert.True(follower.Position.Value >= head);
                return (follower, follower.Position.Value, DateTimeOffset.MinValue);
        }
    }

    /// <summary>Returns when the reader shows a position that the writer's ledger has shown. The reader only has to refresh.</summary>
    async Task<Position> ShownAsync(Position position)
    {
        Assert.True(await _reader.GetHeadAsync() >= position);
        return position;
    }

    Ledger Either(Random random) => random.Next(3) == 0 ? _reader : _ledger;

    static FollowOptions Options(Random random, FollowStart from) => new() { From = from, BufferFacts = random.Next(3) switch { 0 => 1, 1 => random.Next(1, 50), _ => 1_000 } };

    LedgerOptions Options() => new() { FileSystem = _files, SegmentSizeBytes = 256 * 1_024, PreallocationBytesMax = 0, MemoryFactsMax = 500 };

    NewFact Fact(Random random) => new(One(random, Stores) + "/k" + random.Next(5), random.Next(4) == 0 ? null : One(random, Types), "{}")
    {
        Tags = [.. Tags.Where(tag => random.Next(tag == "rare" ? 300 : 3) == 0)],
        Correlation = random.NextInt64().ToString(CultureInfo.InvariantCulture),
    };

    static FactQuery Query(Random random) => random.Next(6) switch
    {
        0 => FactQuery.All,
        1 => FactQuery.Tags("rare"),
        2 => [new() { Store = "none" }],
        3 => [new() { Store = One(random, Stores), KeyPrefix = "k" }, new() { Types = [One(random, Types)], Tags = [One(random, Tags)] }],
        4 => FactQuery.Stream(new StreamName(One(random, Stores), $"k{random.Next(5)}")),
        _ => [new() { Types = [One(random, Types), One(random, Types)] }, new() { Tags = ["t1", "t2"] }],
    };

    /// <summary>The simplest evaluation of a query.</summary>
    static bool Matches(FactQuery query, NewFact fact) => query.IsAll || query.Any(item =>
        (item.Store is null || item.Store == fact.Stream.Store)
        && (item.Key is null || item.Key == fact.Stream.Key)
        && (item.KeyPrefix is null || fact.Stream.Key.StartsWith(item.KeyPrefix, StringComparison.Ordinal))
        && (item.Types.Count == 0 || item.Types.Any(type => type == fact.Type))
        && item.Tags.All(tag => fact.Tags.Contains(tag)));

    static string One(Random random, string[] of) => of[random.Next(of.Length)];

    sealed record Written(NewFact Fact, DateTimeOffset RecordedAt);
}
