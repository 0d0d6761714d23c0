using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A read "recorded by" a time agrees with the times of the facts, however the clock moved and whatever happened to the runs.
/// </summary>
public sealed class RunTimesTests
{
    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(400)]
    public void However_the_clock_goes_the_last_position_by_a_time_is_found(int memoryFactsMax)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax };
        var clock = (ManualTimeProvider)options.TimeProvider;
        var times = new List<(Position Last, DateTimeOffset RecordedAt)>();
        using (var ledger = SmallLedger.Open(options))
        {
            for (var i = 0; i < 600; i++)
            {
                // The clock mostly stands still. Sometimes it advances by years, so that the table has few rows for most of the time.
                clock.Advance(random.Next(12) switch { 0 => TimeSpan.FromDays(random.Next(1, 3_000)), 1 => TimeSpan.FromSeconds(random.Next(100)), 2 => TimeSpan.FromMicroseconds(random.Next(5)), _ => TimeSpan.Zero });

                // An append of cells has a time and no fact.
                var facts = Enumerable.Range(0, random.Next(9)).Select(_ => new NewFact($"s/{random.Next(20)}", null, "1")).ToArray();
                var receipt = Repair.Append(ledger, new AppendRequest { Facts = facts, Cells = facts.Length == 0 ? [NewCell.Put("b", "n", "1")] : [] });
                if (facts.Length > 0) times.Add((new Position(receipt.FirstPosition.Value + facts.Length - 1), receipt.RecordedAt));
            }

            Same(ledger);
        }

        using (var again = SmallLedger.Open(options)) Same(again);
        Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Now).Damage);

        void Same(Ledger ledger)
        {
            foreach (var (_, recordedAt) in times)
            {
                foreach (var time in (DateTimeOffset[])[recordedAt.AddMicroseconds(-1), recordedAt, recordedAt.AddMicroseconds(1), recordedAt.AddHours(random.Next(2_000))])
                {
                    if (time > clock.GetUtcNow()) continue;
                    var expected = times.LastOrDefault(one => one.RecordedAt <= time).Last;
                    Assert.True(expected == SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(time), Now)).Position, $"seed {seed}, {memoryFactsMax} facts in memory, by {time:O}");
                }
            }
        }
    }

    // The last time of such a run was that of its segment, which is earlier than the time of its row. A merge of it with older runs kept
    // that time, so every read by time in the merged run returned its last time.
    [Fact]
    public void A_run_that_is_made_again_of_lost_facts_alone_has_the_time_before_them()
    {
        const int factsPerAppend = 4;
        const int lostAppend = 29;
        var (firstLost, lastLost) = (((lostAppend - 1) * factsPerAppend) + 1, lostAppend * factsPerAppend);
        var files = new MemoryFileSystem();
        var found = new List<RecoveryBranch>();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 2 * factsPerAppend, BranchTaken = found.Add };
        var times = new List<(long Last, DateTimeOffset RecordedAt)>();
        using (var ledger = SmallLedger.Open(options)) Append(ledger, 32);
        for (var position = firstLost; position <= lastLost; position++) Repair.DamageFact(files, new Position(position), isHeaderLost: false);
        Assert.Equal(factsPerAppend, Repair.Run(files).Lost.Sum(range => range.Count));

        SmallLedger.Open(options).Dispose();
        var merged = files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
        Assert.True(RunFooter.Read(files.ReadWhole(merged).AsSpan()[^RunFooter.Bytes..])!.Last.Value > lastLost);
        files.FlipBit(merged, (RunFormat.BlockBytes + 1) * 8L); // the open looks at the first block, and at the last ones

        // It is rebuilt in smaller parts. The 29th has lost facts only, and is the last part of a merge: 8 parts, then 7 at a time.
        using (var ledger = SmallLedger.Open(options with { MemoryFactsMax = factsPerAppend }))
        {
            for (var i = 0; i < times.Count * factsPerAppend; i++) SmallLedger.Now(ledger.GetVersionAsync(Stream(i), cancellationToken: Now));
            Assert.Contains(RecoveryBranch.RunRebuilt, found);
            Append(ledger, 2);
            Assert.Contains(files.Paths, path => path.EndsWith($"{1:D20}-{lastLost:D20}.run", StringComparison.Ordinal));
            Same(ledger);
        }

        Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Now).Damage);

        void Append(Ledger ledger, int appends)
        {
            for (var i = 0; i < appends; i++)
            {
                ((ManualTimeProvider)options.TimeProvider).Advance(TimeSpan.FromSeconds(1));
                var receipt = Repair.Append(ledger, new AppendRequest { Facts = [.. Enumerable.Range(times.Count * factsPerAppend, factsPerAppend).Select(n => new NewFact(Stream(n), null, "1"))] });
                times.Add((receipt.FirstPosition.Value + factsPerAppend - 1, receipt.RecordedAt));
            }
        }

        // A lost fact has the time of the fact before it.
        void Same(Ledger ledger) => Assert.All(times, one =>
            Assert.Equal(one.Last == firstLost - 1 ? lastLost : one.Last, SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(one.RecordedAt), Now)).Position.Value));
    }

    /// <summary>A key so long that a run of a hundred facts has many blocks.</summary>
    static StreamName Stream(int number) => new("s", $"{number}{new string('x', 300)}");
}
