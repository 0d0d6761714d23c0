using System.Globalization;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Of N callers that compete on one condition, one wins. The others learn the winner from their outcome alone.</summary>
public sealed class ConditionRaceTests
{
    const int Callers = 64;
    const int Rounds = 1_000;
    const string Stream = "race/1";

    [Fact]
    public async Task Of_64_callers_in_one_group_exactly_one_wins_each_of_1000_rounds()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var race = new Race(ledger);
        for (var round = 1; round <= Rounds; round++)
        {
            var outcomes = race.Start();
            Assert.Equal(1, scheduler.TurnAll());
            race.OneWins(await outcomes, round);
        }

        Assert.Equal(Rounds, (await ledger.GetHeadAsync()).Value);
    }

    // The writer takes one group per 5 ms. Half of the callers queue while the winner's group is being synced.
    [Fact]
    public async Task Of_64_callers_across_groups_exactly_one_wins_each_of_1000_rounds()
    {
        var scheduler = new CountingScheduler();
        using var syncing = new SemaphoreSlim(0);
        await using var ledger = await OpenSlowLedger(scheduler, Defect.None, syncing: () => syncing.Release());
        while (syncing.Wait(0)) { }
        var race = new Race(ledger);
        for (var round = 1; round <= Rounds; round++) race.OneWins(await race.Start(halfTime: syncing.Wait), round);

        Assert.Equal(Rounds, (await ledger.GetHeadAsync()).Value);
        Assert.True(scheduler.Groups >= (Rounds * 2) - 1, $"only {scheduler.Groups} groups in {Rounds} rounds: the race was not across groups");
    }

    // The negative control: without the check, the same races must fail.
    [Theory]
    [InlineData(nameof(Defect.NoConditions))]
    [InlineData(nameof(Defect.DecideWithoutGroup))]
    public async Task Without_the_check_a_race_in_one_group_has_several_winners(string defect)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler, Defect = Enum.Parse<Defect>(defect) });
        var outcomes = new Race(ledger).Start();
        scheduler.TurnAll();

        Assert.Equal(Callers, (await outcomes).Count(outcome => outcome is AppendOutcome.Committed));
    }

    [Fact]
    public async Task Without_the_check_a_race_across_groups_has_several_winners()
    {
        using var syncing = new SemaphoreSlim(0);
        await using var ledger = await OpenSlowLedger(new CountingScheduler(), Defect.NoConditions, syncing: () => syncing.Release());
        while (syncing.Wait(0)) { }

        Assert.Equal(Callers, (await new Race(ledger).Start(halfTime: syncing.Wait)).Count(outcome => outcome is AppendOutcome.Committed));
    }

    public static TheoryData<AppendConditionKind, bool> KindsThatOneCanWin()
    {
        var all = new TheoryData<AppendConditionKind, bool>();
        // Conditions by query and on cells have races of their own.
        foreach (var kind in Enum.GetValues<AppendConditionKind>().Where(kind => kind <= AppendConditionKind.RecordEquals && kind != AppendConditionKind.StreamExists))
        {
            all.Add(kind, true);
            all.Add(kind, false);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(KindsThatOneCanWin))]
    public async Task On_every_kind_of_condition_one_of_16_wins(AppendConditionKind kind, bool inOneGroup)
    {
        var scheduler = inOneGroup ? new SteppedScheduler() : null;
        var options = scheduler is null ? new LedgerOptions() : new LedgerOptions { Scheduler = scheduler };
        await using var ledger = await Ledger.OpenInMemoryAsync(options);
        for (var round = 0; round < 200; round++)
        {
            StreamName stream = kind == AppendConditionKind.StreamMissing ? $"race/{round}" : Stream;
            var version = await ledger.GetVersionAsync(stream);
            if (kind is AppendConditionKind.RecordAt or AppendConditionKind.RecordEquals && round == 0 || kind == AppendConditionKind.RecordMissing && round > 0)
            {
                var before = ledger.AppendAsync(kind == AppendConditionKind.RecordMissing ? NewFact.Retraction(stream) : new NewFact(stream, null, "0"));
                scheduler?.TurnAll();
                version = (await before).StreamVersion;
            }

            var value = (await ledger.ReadLatestAsync(stream))?.Json ?? "";
            var condition = kind switch
            {
                AppendConditionKind.StreamAt => AppendCondition.StreamAt(stream, version),
                AppendConditionKind.StreamMissing => AppendCondition.StreamMissing(stream),
                AppendConditionKind.RecordAt => AppendCondition.RecordAt(stream, version),
                AppendConditionKind.RecordMissing => AppendCondition.RecordMissing(stream),
                _ => AppendCondition.RecordEquals(stream, value),
            };
            var racers = Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
                await ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, null, $"{(round + 1) * 100 + caller}")) { Conditions = [condition] }))));
            await TurnUntilAnswered(scheduler, racers);

            var outcomes = await racers;
            var winner = Assert.Single(outcomes.OfType<AppendOutcome.Committed>());
            Assert.Equal(version.Next(), winner.Receipt.StreamVersion);
            foreach (var conflict in outcomes.OfType<AppendOutcome.Conflict>())
            {
                Assert.Same(condition, conflict.Condition);
                Assert.Equal(version.Next(), conflict.ActualVersion);
                Assert.Equal(winner.Receipt.FirstPosition, Assert.Single(conflict.Facts).Position);
                Assert.True(conflict.IsComplete);
            }

            Assert.Equal(15, outcomes.Count(outcome => outcome is AppendOutcome.Conflict));
        }
    }

    // "Exists" lets any number of appends pass, but only after the one that creates the stream.
    [Fact]
    public async Task Whoever_asks_that_a_stream_exists_passes_only_behind_the_one_who_creates_it()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var (passed, refused) = (0, 0);
        for (var round = 0; round < 300; round++)
        {
            StreamName stream = $"created/{round}";
            var racers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () => await ledger.TryAppendAsync(
                caller == 7
                    ? new AppendRequest(NewFact.WithoutPayload(stream, "created"))
                    : new AppendRequest(NewFact.WithoutPayload($"follower/{caller}", "followed")) { Conditions = [AppendCondition.StreamExists(stream)] })));
            var outcomes = await Task.WhenAll(racers);

            var creator = Assert.IsType<AppendOutcome.Committed>(outcomes[7]).Receipt.FirstPosition;
            foreach (var outcome in outcomes.Where((_, caller) => caller != 7))
            {
                if (outcome is AppendOutcome.Committed committed)
                {
                    Assert.True(committed.Receipt.FirstPosition > creator);
                    passed++;
                }
                else
                {
                    Assert.Equal(StreamVersion.None, Assert.IsType<AppendOutcome.Conflict>(outcome).ActualVersion);
                    refused++;
                }
            }
        }

        Assert.Equal(300 * 15, passed + refused);
    }

    // The value is compared on the caller's thread, at a snapshot. Every later change must count until the writer decides: one group
    // before, in the same group, or a change and its reversal, which is another fact with the same value.
    [Fact]
    public async Task A_value_that_changes_between_prepare_and_decide_is_seen()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        for (var round = 0; round < 50; round++)
        {
            StreamName stream = $"counter/{round}";
            var first = ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, null, "1")));
            scheduler.TurnAll();
            await first;

            var set = ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, null, """{"n":2.0}""")));
            var stale = Swap(stream, "1", "10");
            var fresh = Swap(stream, """{ "n" : 2 }""", "3");
            scheduler.TurnAll();
            Assert.IsType<AppendOutcome.Committed>(await set);
            Assert.Equal(new StreamVersion(2), Assert.IsType<AppendOutcome.Conflict>(await stale).ActualVersion);
            Assert.IsType<AppendOutcome.Committed>(await fresh);

            var away = Swap(stream, "3", "4");
            var back = Swap(stream, "4", "3");
            var same = Swap(stream, "3", "5");
            scheduler.TurnAll();
            Assert.IsType<AppendOutcome.Committed>(await away);
            Assert.IsType<AppendOutcome.Committed>(await back);
            Assert.IsType<AppendOutcome.Committed>(await same);
            Assert.Equal(new StreamVersion(6), await ledger.GetVersionAsync(stream));
        }

        ValueTask<AppendOutcome> Swap(StreamName stream, string from, string to) =>
            ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, null, to)) { Conditions = [AppendCondition.RecordEquals(stream, from)] });
    }

    // Sixteen callers increment one record by compare-and-swap. Each retries with the value that its conflict returned.
    [Fact]
    public async Task Counting_by_compare_and_swap_loses_no_count()
    {
        await using var ledger = await OpenSlowLedger(new CountingScheduler(), Defect.None, syncMilliseconds: 1);
        await ledger.AppendAsync(new NewFact("counter/1", null, "0"));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            var seen = 0L;
            for (var counted = 0; counted < 25;)
            {
                var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact("counter/1", null, $"{seen + 1}"))
                {
                    Conditions = [AppendCondition.RecordEquals("counter/1", $"{seen}")],
                });
                if (outcome is AppendOutcome.Conflict conflict) seen = long.Parse(Assert.Single(conflict.Facts).Json!, CultureInfo.InvariantCulture);
                else
                {
                    Assert.IsType<AppendOutcome.Committed>(outcome);
                    counted++;
                    seen++;
                }
            }
        })));

        Assert.Equal("400", (await ledger.ReadLatestAsync("counter/1"))!.Json);
    }

    static ValueTask<Ledger> OpenSlowLedger(CountingScheduler scheduler, Defect defect, int syncMilliseconds = 5, Action? syncing = null)
    {
        var files = new WatchedFiles(new MemoryFileSystem())
        {
            Syncing = _ =>
            {
                syncing?.Invoke();
                Thread.Sleep(syncMilliseconds);
            },
        };
        return Ledger.OpenAsync("slow", new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, Scheduler = scheduler, Defect = defect });
    }

    static async Task TurnUntilAnswered(SteppedScheduler? scheduler, Task racers)
    {
        while (scheduler is not null && !racers.IsCompleted)
        {
            scheduler.TurnAll();
            await Task.Yield();
        }
    }

    /// <summary>Callers on one stream. Each knows only its own last outcome.</summary>
    sealed class Race(Ledger ledger)
    {
        readonly StreamVersion[] _seen = new StreamVersion[Callers];
        int _round;

        /// <summary>All callers append at the version they have seen. Every append is queued when this returns.</summary>
        public Task<AppendOutcome[]> Start(Action? halfTime = null)
        {
            var round = ++_round;
            return Racers.Start(Callers, caller => ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, "won", Value(round, caller))) { Conditions = [AppendCondition.StreamAt(Stream, _seen[caller])] }), halfTime);
        }

        public void OneWins(AppendOutcome[] outcomes, int round) => Racers.OneWins(outcomes, winner => Value(round, winner), (caller, receipt, conflict) =>
        {
            if (conflict is not null) Assert.Equal(receipt.StreamVersion, conflict.ActualVersion);
            _seen[caller] = receipt.StreamVersion;
        });

        static string Value(int round, int caller) => $$"""{"round":{{round}},"by":{{caller}}}""";
    }
}
