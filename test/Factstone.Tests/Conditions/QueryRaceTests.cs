using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Of N callers that compete on one boundary, one wins, whatever query each uses and wherever the boundary's facts are.</summary>
public sealed class QueryRaceTests
{
    const int Callers = 64;
    const int Rounds = 1_000;
    const int Before = 300;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The conditions of the callers in a race.</summary>
    public enum Asked
    {
        /// <summary>All have the same query, after what they have seen.</summary>
        Same,

        /// <summary>The queries differ, and each matches what any of the callers would write.</summary>
        Overlapping,

        /// <summary>No fact matches at all.</summary>
        Unique,
    }

    public static TheoryData<Asked, bool> Races => new()
    {
        { Asked.Same, true }, { Asked.Same, false }, { Asked.Overlapping, true }, { Asked.Overlapping, false }, { Asked.Unique, true }, { Asked.Unique, false },
    };

    [Theory]
    [MemberData(nameof(Races))]
    public async Task Of_64_callers_in_one_group_exactly_one_wins_each_of_1000_rounds(Asked asked, bool isCold)
    {
        var scheduler = new SteppedScheduler();
        var files = await Boundary(isCold);
        await using var ledger = await Ledger.OpenAsync("race", Options(files, isCold) with { Scheduler = scheduler }, Cancel);
        var race = new Race(ledger, asked);
        for (var round = 1; round <= Rounds; round++)
        {
            var outcomes = race.Start(round);
            Assert.Equal(1, scheduler.TurnAll());
            race.OneWins(await outcomes, round);
        }

        Assert.Equal(Before + Rounds, (await ledger.GetHeadAsync(Cancel)).Value);
    }

    // The writer's syncs take time. Half of the callers queue while the winner's group is being synced.
    [Theory]
    [MemberData(nameof(Races))]
    public async Task Of_64_callers_across_groups_exactly_one_wins_each_of_1000_rounds(Asked asked, bool isCold)
    {
        using var syncing = new SemaphoreSlim(0);
        var scheduler = new CountingScheduler();
        var files = await Boundary(isCold);
        await using var ledger = await Ledger.OpenAsync("race", Options(Slow(files, syncing), isCold) with { Scheduler = scheduler }, Cancel);
        while (syncing.Wait(0, Cancel)) { }
        var race = new Race(ledger, asked);
        for (var round = 1; round <= Rounds; round++) race.OneWins(await race.Start(round, halfTime: () => syncing.Wait(Cancel)), round);

        Assert.Equal(Before + Rounds, (await ledger.GetHeadAsync(Cancel)).Value);
        Assert.True(scheduler.Groups >= Rounds * 3 / 2, $"only {scheduler.Groups} groups in {Rounds} rounds: the race was not across groups");
    }

    // The negative controls: without the check, the same races must fail.
    [Theory]
    [InlineData(nameof(Defect.NoConditions))]
    [InlineData(nameof(Defect.DecideWithoutGroup))]
    public async Task Without_the_check_a_race_in_one_group_has_several_winners(string defect)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler, Defect = Enum.Parse<Defect>(defect) }, Cancel);
        foreach (var asked in Enum.GetValues<Asked>())
        {
            var outcomes = new Race(ledger, asked).Start(1 + (int)asked);
            scheduler.TurnAll();
            Assert.Equal(Callers, (await outcomes).Count(outcome => outcome is AppendOutcome.Committed));
        }
    }

    // Prepared on the caller's thread and decided later. Commits in between must count.
    [Theory]
    [InlineData(nameof(Defect.NoConditions), 2)]
    [InlineData(nameof(Defect.IgnoreSincePrepare), 2)]
    [InlineData(nameof(Defect.None), 1)]
    public async Task Without_the_check_a_race_across_groups_has_several_winners(string defect, int winnersMin)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler, Defect = Enum.Parse<Defect>(defect), SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin }, Cancel);
        var racers = Enumerable.Range(0, 8).Select(caller => ledger.TryAppendAsync(
            new AppendRequest(new NewFact($"race/{caller}", "won", $"\"{new string('x', 40_000)}\"") { Tags = ["seat:7"] }) { Conditions = [AppendCondition.NoMatch(FactQuery.Tags("seat:7"))] }, Cancel).AsTask()).ToList();
        Assert.Equal(8, scheduler.TurnAll());

        var winners = (await Task.WhenAll(racers)).Count(outcome => outcome is AppendOutcome.Committed);
        if (winnersMin == 1) Assert.Equal(1, winners);
        else Assert.InRange(winners, winnersMin, 8);
    }

    // Each caller reads, waits and appends. Rivals commit before the caller sends and between that and the writer's decision, in earlier
    // groups and in the same one, ahead of it and behind it, with matching and with other facts. By the list of all commits, a committed
    // append had no match in between, and a refused one had at least one.
    [Theory]
    [InlineData(32_768)]
    [InlineData(40)]
    [InlineData(3)]
    public async Task A_staggered_race_never_admits_a_second_winner(int memoryFactsMax)
    {
        for (var seed = 1; seed <= 150; seed++) Assert.Null(await Staggered(seed, memoryFactsMax, Defect.None));
    }

    [Theory]
    [InlineData(nameof(Defect.NoConditions))]
    [InlineData(nameof(Defect.DecideWithoutGroup))]
    [InlineData(nameof(Defect.IgnoreSincePrepare))]
    public async Task A_staggered_race_without_the_check_admits_a_second_winner(string defect)
    {
        for (var seed = 1; seed <= 150; seed++)
            if (await Staggered(seed, 32_768, Enum.Parse<Defect>(defect)) is not null) return;
        Assert.Fail($"{defect} was not found");
    }

    /// <summary>Returns null, or a description of the failure.</summary>
    static async Task<string?> Staggered(int seed, int memoryFactsMax, Defect defect)
    {
        var random = new Random(seed);
        var scheduler = new SteppedScheduler();
        var files = new MemoryFileSystem();
        LedgerOptions Options() => new() { FileSystem = files, PreallocationBytesMax = 0, Scheduler = scheduler, MemoryFactsMax = memoryFactsMax, Defect = defect, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin };
        var ledger = await Ledger.OpenAsync("staggered", Options(), Cancel);
        var readers = new List<(FactQuery Query, Position? After)>();
        var sent = new List<(AppendRequest Request, Task<AppendOutcome> Answer)>();
        for (var step = 0; step < 120; step++)
        {
            switch (random.Next(12))
            {
                case < 3: // somebody reads
                    readers.Add((Query(random), random.Next(8) == 0 ? null : await ledger.GetHeadAsync(Cancel)));
                    break;
                case < 6 when readers.Count > 0: // and appends on it, sooner or later
                    var at = random.Next(readers.Count);
                    var (query, after) = readers[at];
                    if (random.Next(3) > 0) readers.RemoveAt(at);
                    Queue(after is { } position ? AppendCondition.NoMatch(query, position) : AppendCondition.NoMatch(query));
                    break;
                case < 9:
                    Queue();
                    break;
                case < 11:
                    scheduler.Turn();
                    break;
                default:
                    if (random.Next(6) > 0) break;
                    await ledger.DisposeAsync();
                    ledger = await Ledger.OpenAsync("staggered", Options(), Cancel);
                    break;
            }
        }

        scheduler.TurnAll();
        await ledger.DisposeAsync();
        scheduler.Answer();
        ledger = await Ledger.OpenAsync("staggered", Options(), Cancel);
        var facts = await ledger.ReadAsync(cancellationToken: Cancel).ToListAsync(Cancel);
        await ledger.DisposeAsync();
        foreach (var (request, answer) in sent)
        {
            var outcome = await answer;
            if (request.Conditions is not [{ Query: { } query } condition]) continue;
            var matching = facts.Where(fact => fact.Position > (condition.After ?? Position.None) && query.Matches(fact)).ToList();
            if (outcome is AppendOutcome.Committed { Receipt.FirstPosition: var first } && matching.Exists(fact => fact.Position < first)) return $"Seed {seed}: committed at {first}, although not: {condition}";
            if (outcome is AppendOutcome.Conflict conflict)
            {
                var expected = matching.Take(conflict.Facts.Count).Select(fact => fact.Position);
                if (conflict.Facts.Count == 0 || conflict.FirstMatch != matching[0].Position || !conflict.Facts.Select(fact => fact.Position).SequenceEqual(expected)) return $"Seed {seed}: refused without cause: {condition}";
            }
        }

        return null;

        // Large appends fill a group, so that the next one is in another group.
        void Queue(params AppendCondition[] conditions)
        {
            var facts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new NewFact($"s/{random.Next(3)}", random.Next(2) == 0 ? "a" : "b", random.Next(4) == 0 ? $"\"{new string('x', random.Next(10_000, 30_000))}\"" : "1")
            {
                Tags = [.. Enumerable.Range(0, 4).Where(_ => random.Next(3) == 0).Select(n => $"t{n}")],
            });
            var request = new AppendRequest { Facts = [.. facts], Conditions = conditions };
            sent.Add((request, ledger.TryAppendAsync(request, Cancel).AsTask()));
        }
    }

    static FactQuery Query(Random random) => random.Next(5) switch
    {
        0 => FactQuery.Tags($"t{random.Next(4)}", $"t{random.Next(4)}"),
        1 => [new() { Store = "s", KeyPrefix = $"{random.Next(3)}", Tags = [$"t{random.Next(4)}"] }],
        2 => [new() { Types = ["a"], Tags = [$"t{random.Next(4)}"] }, new() { Store = "s", Key = $"{random.Next(3)}", Types = ["b"] }],
        3 => [new() { Types = ["a", "b"], Tags = ["t0", "t1", "t2"] }],
        _ => FactQuery.Tags($"t{random.Next(4)}"),
    };

    /// <summary>A ledger whose boundary already has facts. If cold, they are in runs.</summary>
    static async Task<MemoryFileSystem> Boundary(bool isCold)
    {
        var files = new MemoryFileSystem();
        await using var ledger = await Ledger.OpenAsync("race", Options(files, isCold), Cancel);
        for (var i = 0; i < Before / 10; i++) await ledger.AppendAsync([.. Enumerable.Range(0, 10).Select(n => Won(caller: n, round: 0))], Cancel);
        return files;
    }

    static LedgerOptions Options(IFileSystem files, bool isCold) => new() { FileSystem = files, PreallocationBytesMax = 0, MemoryFactsMax = isCold ? 8 : 32_768 };

    static WatchedFiles Slow(MemoryFileSystem files, SemaphoreSlim syncing) => new(files)
    {
        Syncing = path =>
        {
            if (!path.Contains("segments", StringComparison.Ordinal)) return;
            syncing.Release();
            Thread.Sleep(1);
        },
    };

    static NewFact Won(int caller, int round) => new($"race/{caller % 5}", "won", Value(caller, round)) { Tags = ["seat:7", $"caller:{caller}", $"round:{round}"] };

    static string Value(int caller, int round) => $$"""{"round":{{round}},"by":{{caller}}}""";

    /// <summary>Callers on one boundary. Each knows only its own last outcome.</summary>
    sealed class Race(Ledger ledger, Asked asked)
    {
        readonly Position[] _seen = [.. Enumerable.Repeat(ledger.Storage.Head.Position, Callers)];

        /// <summary>All callers append after what they have seen. Every append is queued when this returns.</summary>
        public Task<AppendOutcome[]> Start(int round, Action? halfTime = null) =>
            Racers.Start(Callers, caller => ledger.TryAppendAsync(new AppendRequest(Won(caller, round)) { Conditions = [Condition(caller, round)] }), halfTime);

        AppendCondition Condition(int caller, int round)
        {
            if (asked == Asked.Unique) return AppendCondition.NoMatch(FactQuery.Tags($"round:{round}"));
            FactQuery query = asked == Asked.Same ? FactQuery.Tags("seat:7") : (caller % 6) switch
            {
                0 => FactQuery.Types("won", "lost"),
                1 => [new() { Store = "race", KeyPrefix = "" }],
                2 => [new() { Store = "race", Key = "9" }, new() { Types = ["won"], Tags = ["seat:7"] }],
                3 => FactQuery.Tags("seat:7", $"round:{round}"),
                4 => FactQuery.All,
                _ => [new() { Tags = [$"caller:{caller}"] }, new() { Store = "race", Types = ["won"] }],
            };
            return AppendCondition.NoMatch(query, _seen[caller]);
        }

        public void OneWins(AppendOutcome[] outcomes, int round) => Racers.OneWins(outcomes, winner => Value(winner, round), (caller, receipt, conflict) =>
        {
            if (conflict is not null) Assert.Equal(receipt.FirstPosition, conflict.FirstMatch);
            _seen[caller] = receipt.LastPosition;
        });
    }
}
