using System.Diagnostics;

namespace Factstone.Tests.Processes;

/// <summary>
/// Followers in one process and a writer in another, which is killed again
/// and again. Each durable fact is delivered once, in order and soon.
/// </summary>
public sealed class FollowTests(ITestOutputHelper output)
{
    const int Writers = 4;
    const int Followers = 4;

    /// <summary>A follower refreshes every 10 ms and should deliver facts within 50 ms. A busy machine may take longer.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_fact_of_a_writer_in_another_process_is_followed_once_and_in_order()
    {
        var random = Rounds.Seeded(out _);
        for (var rounds = Rounds.Or(2); rounds > 0; rounds--)
        {
            var directory = Directory.CreateTempSubdirectory("factstone-follow-");
            try
            {
                await FollowRestartedWritersAsync($"{directory.FullName}/ledger", random);
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    // RecordedAt is taken before the sync, so the measured time includes the sync.
    [Fact]
    public async Task New_facts_are_learned_of_soon()
    {
        const int Facts = 200;
        var directory = Directory.CreateTempSubdirectory("factstone-follow-");
        try
        {
            using var child = new ChildProcess("append", $"{directory.FullName}/ledger", "--callers", "1", "--pause", "15");
            child.WaitForAppends(1);
            await using var ledger = await Ledger.OpenReadOnlyAsync($"{directory.FullName}/ledger", cancellationToken: Cancellation);
            var delays = new List<double>();
            await foreach (var fact in ledger.FollowAsync(new FollowOptions { From = FollowStart.Now }, Cancellation))
            {
                delays.Add((TimeProvider.System.GetUtcNow() - fact.RecordedAt).TotalMilliseconds);
                if (delays.Count == Facts) break;
            }

            delays.Sort();
            output.WriteLine($"learned of after {delays[Facts / 2]:0.0} ms in the median, {delays[Facts * 95 / 100]:0.0} ms at 95 %, {delays[^1]:0.0} ms at most");
            Assert.True(delays[Facts / 2] < Patience.TotalMilliseconds, $"The median is {delays[Facts / 2]} ms.");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task FollowRestartedWritersAsync(string directory, Random random)
    {
        var acknowledged = new List<(long First, long Last, Child.Load Load)>();
        using var ending = new CancellationTokenSource();
        Ledger? ledger = null;
        var following = new List<Followed>();
        for (var writer = 0; writer < Writers; writer++)
        {
            using var child = new ChildProcess("append", directory, "--callers", "4", "--pause", "1");
            if (ledger is null)
            {
                child.WaitForAppends(random.Next(1, 50));
                ledger = await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation);
                for (var i = 0; i < Followers; i++) following.Add(new Followed(ledger, random, ending.Token));
            }

            child.WaitForAppends(random.Next(50, 400));
            child.Kill();
            acknowledged.AddRange(child.Acknowledged);
        }

        // An open settles what the last writer left. After that, no fact is added.
        await using (ledger)
        {
            await using var settled = await Ledger.OpenAsync(directory, cancellationToken: Cancellation);
            await LoadCheck.HoldsAsync(settled, acknowledged);
            var head = await settled.GetHeadAsync(Cancellation);
            foreach (var one in following) await one.ComesToAsync(head);
            await ending.CancelAsync();
            foreach (var one in following) await one.HoldsAsync(settled);
        }
    }

    /// <summary>One running follower, with the facts delivered so far.</summary>
    sealed class Followed
    {
        readonly Follower _follower;
        readonly Position _after;
        readonly List<Fact> _given = [];
        readonly Task _running;

        public Followed(Ledger ledger, Random random, CancellationToken end)
        {
            FactQuery query = random.Next(4) switch
            {
                0 => FactQuery.All,
                1 => FactQuery.Store("shared"),
                2 => FactQuery.Types("gone"),
                _ => [new() { Store = "own", KeyPrefix = $"{random.Next(4)}/" }, new() { Store = "shared", Key = "3" }],
            };
            var from = random.Next(3) switch { 0 => FollowStart.Beginning, 1 => FollowStart.At(new Position(1)), _ => FollowStart.Now };
            _follower = ledger.OpenFollower(query, new FollowOptions { From = from, BufferFacts = random.Next(1, 100) });
            _after = _follower.Position;
            _running = Task.Run(() => FollowAsync(end), CancellationToken.None);
        }

        /// <summary>Returns when the follower has reached a position.</summary>
        public async Task ComesToAsync(Position head)
        {
            var waited = Stopwatch.StartNew();
            while (_follower.Position < head)
            {
                Assert.False(_running.IsFaulted, _running.Exception?.ToString());
                Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"A follower is at {_follower.Position}, and the head is {head}.");
                await Task.Delay(1, Cancellation);
            }
        }

        /// <summary>Compares the delivered facts with the ledger after the follower has ended.</summary>
        public async Task HoldsAsync(Ledger ledger)
        {
            await _running;
            var expected = new List<Fact>();
            await foreach (var fact in ledger.ReadAsync(new ReadOptions { From = _after.Next() }, Cancellation))
                if (_follower.Query.Matches(fact)) expected.Add(fact);
            Assert.Equal(expected.Select(fact => (fact.Position, fact.Id, fact.Correlation)), _given.Select(fact => (fact.Position, fact.Id, fact.Correlation)));
        }

        async Task FollowAsync(CancellationToken end)
        {
            try
            {
                await foreach (var fact in _follower.WithCancellation(end)) _given.Add(fact);
            }
            catch (OperationCanceledException)
            {
                // The follower has reached the end.
            }
        }
    }
}
