using System.Security.Cryptography;
using System.Text;
using Factstone.Storage;

namespace Factstone.Tests.Processes;

/// <summary>
/// A real file system becomes full during a run or a merge, while the log
/// still has room. Appends continue in memory, up to 16 times its bound.
/// </summary>
/// <remarks>The log's space is zeroed far ahead before the disk is filled, so that the index is the first to find the disk full.</remarks>
public sealed class FullDiskForRunsTests
{
    const int Megabytes = 64;
    const int LogMegabytes = 16;
    const int FactsPerAppend = 100;
    const int MemoryFacts = 1_000;
    const int RunsPerMerge = 8;
    const int FactsWithoutRun = IndexPacing.PartsWithoutSpaceMax * MemoryFacts;
    const string Filler = "filler";
    const string Gap = "gap";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly List<RecoveryBranch> _taken = [];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The disk has room for some of the run's bytes.
    [Fact]
    public async Task Appends_go_on_in_memory_when_a_run_finds_the_disk_full_and_all_is_well_when_there_is_room()
    {
        using var disk = LoopDisk.New(Megabytes);
        await using var ledger = await OpenAsync(disk);
        await AppendAsync(ledger, FactsPerAppend);
        await WaitAsync(() => LogBytes(disk) >= LogMegabytes * 1_024 * 1_024, "The log's space is not zeroed ahead.");

        for (var round = 0; round < 3; round++)
        {
            var before = Count(RecoveryBranch.RunNotWritten);
            var end = RunEnd(ledger);
            Fill(disk, RunBytes(ledger) / 2);
            await AppendUntilFullAsync(ledger);
            Assert.Equal(end, RunEnd(ledger));
            await StandsAtTheBoundAsync(disk, ledger);
            Assert.True(Count(RecoveryBranch.RunNotWritten) > before);

            disk.Free(Filler);
            await AppendAsync(ledger, MemoryFacts);
            await WaitAsync(() => !((FileStorage)ledger.Storage).Index.HasUnwritten && Runs(ledger).Count < RunsPerMerge, "Not all runs are written and merged although there is room.");
            Assert.True(RunEnd(ledger) >= end + FactsWithoutRun);
        }

        await EndsWellAsync(disk, ledger);
    }

    // Seven runs exist. The disk has room for the eighth, but not for a merge of all eight.
    [Fact]
    public async Task A_merge_that_finds_the_disk_full_leaves_the_runs_as_they_were_and_is_done_when_there_is_room()
    {
        using var disk = LoopDisk.New(Megabytes);
        await using var ledger = await OpenAsync(disk);
        await AppendAsync(ledger, RunsPerMerge * MemoryFacts);
        await WaitAsync(() => Runs(ledger).Count == RunsPerMerge - 1, "The runs are not written.");
        await WaitAsync(() => LogBytes(disk) >= LogMegabytes * 1_024 * 1_024, "The log's space is not zeroed ahead.");

        Fill(disk, RunBytes(ledger) * 3 / 2);
        await AppendUntilFullAsync(ledger);
        Assert.Equal(RunsPerMerge, Runs(ledger).Count);
        await StandsAtTheBoundAsync(disk, ledger);
        Assert.Equal(0, Count(RecoveryBranch.RunsMerged));

        disk.Free(Filler);
        await AppendAsync(ledger, MemoryFacts);
        await WaitAsync(() => Count(RecoveryBranch.RunsMerged) > 0 && Runs(ledger).Count < RunsPerMerge, "The runs are not merged although there is room.");
        await EndsWellAsync(disk, ledger);
    }

    // Facts without a run are in the log. The open reads them, however many there are, and needs no disk space for that. A session in which
    // every append was refused leaves the ledger as it was: closed cleanly.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_ledger_opens_while_the_disk_is_full_whatever_there_is_of_its_index(bool isIndexDeleted)
    {
        using var disk = LoopDisk.New(Megabytes);
        await using (var ledger = await OpenAsync(disk))
        {
            await AppendAsync(ledger, RunsPerMerge * MemoryFacts);
            await WaitAsync(() => Runs(ledger).Count == RunsPerMerge - 1, "The runs are not written.");
            Fill(disk, RunBytes(ledger) * 3 / 2);
            await AppendUntilFullAsync(ledger);
            await StandsAtTheBoundAsync(disk, ledger);
        }

        // The close has released the preallocated space and used it for runs. The test deletes those runs.
        foreach (var run in System.IO.Directory.GetFiles(Index(disk)).Order(StringComparer.Ordinal).Skip(isIndexDeleted ? 0 : RunsPerMerge)) File.Delete(run);
        disk.Free(Filler);
        disk.Fill(Filler);
        for (var i = 0; i < 2; i++)
        {
            await using var ledger = await OpenAsync(disk);
            Assert.True(ledger.Opening.WasClosedCleanly);
            Assert.Equal(isIndexDeleted ? 0 : RunsPerMerge * MemoryFacts, RunEnd(ledger));
            await HoldsAsync(ledger);
            await RefusesAsync(ledger);
            await HasNoHalfMadeFileAsync(disk, ledger);
        }

        await using var again = await OpenAsync(disk);
        await RefusesAsync(again);
        disk.Free(Filler);
        await AppendAsync(again, 3 * MemoryFacts);
        await EndsWellAsync(disk, again);
    }

    // The index stops while there is still space, and the log uses the rest.
    [Fact]
    public async Task The_log_gets_the_last_space_of_the_disk()
    {
        var options = new LedgerOptions { MemoryFactsMax = 4 * MemoryFacts, PreallocationBytesMin = 1_024 * 1_024, PreallocationBytesMax = 1_024 * 1_024, BranchTaken = Take };
        using var disk = LoopDisk.New(Megabytes);
        await using var ledger = await Ledger.OpenAsync(Directory(disk), options, Cancellation);
        Fill(disk, butFor: 12 * 1_024 * 1_024);
        var atStop = 0L;
        try
        {
            while (true)
            {
                await AppendAsync(ledger, FactsPerAppend);
                if (atStop == 0 && (await ledger.GetStatisticsAsync(Cancellation)).IsIndexShortOfSpace) atStop = (await ledger.GetHeadAsync(Cancellation)).Value;
            }
        }
        catch (LedgerFullException full)
        {
            Assert.Contains("segments", full.Path, StringComparison.Ordinal);
        }

        var head = (await ledger.GetHeadAsync(Cancellation)).Value;
        Assert.True(head >= atStop + (4 * MemoryFacts), $"the index stopped at {atStop}, and the log at {head}");
        Assert.InRange(Runs(ledger).Count, 1, 16);
        await HoldsAsync(ledger);
        disk.Free(Filler);
        await AppendAsync(ledger, MemoryFacts);
        await WaitAsync(() => !((FileStorage)ledger.Storage).Index.HasUnwritten, "Not all runs are written although there is room.");
    }

    // Cells are bounded by their bytes, and are written as runs even without a fact.
    [Fact]
    public async Task Cells_alone_go_on_in_memory_when_a_run_finds_the_disk_full()
    {
        const int cellsPerAppend = 50;
        const int memoryCells = 2_000;
        var options = new LedgerOptions { IndexReserveBytesMax = 0, MemoryBytesMax = memoryCells * 256, PreallocationBytesMin = LogMegabytes * 1_024 * 1_024, BranchTaken = Take };
        using var disk = LoopDisk.New(Megabytes);
        var count = 0;
        await using (var ledger = await Ledger.OpenAsync(Directory(disk), options, Cancellation))
        {
            await PutAsync();
            await WaitAsync(() => LogBytes(disk) >= LogMegabytes * 1_024 * 1_024, "The log's space is not zeroed ahead.");
            Fill(disk, butFor: 20 * 1_024);
            await Assert.ThrowsAsync<LedgerFullException>(async () =>
            {
                while (count < 2 * IndexPacing.PartsWithoutSpaceMax * memoryCells) await PutAsync();
            });
            Assert.InRange(count, (IndexPacing.PartsWithoutSpaceMax - 2) * memoryCells, (IndexPacing.PartsWithoutSpaceMax + 1) * memoryCells);
            Assert.Empty(Runs(ledger));
            await HoldsCellsAsync(ledger);
            await using (var reading = await Ledger.OpenReadOnlyAsync(Directory(disk), cancellationToken: Cancellation)) await HoldsCellsAsync(reading);

            disk.Free(Filler);
            for (var i = 0; i < 3 * memoryCells; i += cellsPerAppend) await PutAsync();
            await WaitAsync(() => Runs(ledger).Count >= 3, "No run is written although there is room.");
            await HoldsCellsAsync(ledger);

            async Task PutAsync()
            {
                await ledger.AppendAsync(new AppendRequest { Cells = [.. Enumerable.Range(count, cellsPerAppend).Select(n => NewCell.Put("b", $"cell-{n:D10}", $"{n}"))] }, Cancellation);
                count += cellsPerAppend;
            }
        }

        Assert.Empty((await Ledger.VerifyAsync(Directory(disk), new VerifyOptions { Deep = true }, cancellationToken: Cancellation)).Damage);
        await using var again = await Ledger.OpenAsync(Directory(disk), options, Cancellation);
        Assert.True(again.Opening.WasClosedCleanly);
        Assert.Equal(0, ((FileStorage)again.Storage).Index.Active.Items);
        await HoldsCellsAsync(again);

        async Task HoldsCellsAsync(Ledger ledger)
        {
            Assert.Equal(count, (await ledger.GetStatisticsAsync(Cancellation)).Cells);
            for (var i = 0; i < count; i += 97) Assert.Equal($"{i}", (await ledger.ReadCellAsync("b", $"cell-{i:D10}", Cancellation))!.Text);
        }
    }

    async Task EndsWellAsync(LoopDisk disk, Ledger ledger)
    {
        await AppendAsync(ledger, RunsPerMerge * MemoryFacts);
        await WaitAsync(() => Count(RecoveryBranch.RunsMerged) > 0, "Nothing is merged although there is room.");
        await HoldsAsync(ledger);
        var head = await ledger.GetHeadAsync(Cancellation);
        await ledger.DisposeAsync();

        var report = await Ledger.VerifyAsync(Directory(disk), new VerifyOptions { Deep = true }, cancellationToken: Cancellation);
        Assert.Empty(report.Damage);
        await using var again = await OpenAsync(disk);
        Assert.True(again.Opening.WasClosedCleanly);
        Assert.Equal(head, await again.GetHeadAsync(Cancellation));
        Assert.Equal(head.Value, RunEnd(again));
        await HoldsAsync(again);
        await HasNoHalfMadeFileAsync(disk, again);
    }

    /// <summary>
    /// Appends are refused, memory holds exactly the maximum without a run, every fact can be read, and no unfinished file remains.
    /// </summary>
    static async Task StandsAtTheBoundAsync(LoopDisk disk, Ledger ledger)
    {
        Assert.Equal(FactsWithoutRun, (await ledger.GetHeadAsync(Cancellation)).Value - RunEnd(ledger));
        await RefusesAsync(ledger);
        await HoldsAsync(ledger);
        await HasNoHalfMadeFileAsync(disk, ledger);
        await using var reading = await Ledger.OpenReadOnlyAsync(Directory(disk), cancellationToken: Cancellation);
        await HoldsAsync(reading);
    }

    /// <summary>Waits, because the builder may be in a last attempt.</summary>
    static Task HasNoHalfMadeFileAsync(LoopDisk disk, Ledger ledger) => WaitAsync(
        () => System.IO.Directory.GetFiles(Index(disk)).Order(StringComparer.Ordinal).SequenceEqual(Runs(ledger).Select(static run => run.Path)),
        "There are files in the index that are not of it.");

    static async Task RefusesAsync(Ledger ledger)
    {
        var head = await ledger.GetHeadAsync(Cancellation);
        for (var i = 0; i < 10; i++)
        {
            var refused = await Assert.ThrowsAsync<LedgerFullException>(async () => await ledger.AppendAsync(Facts(head.Value), Cancellation));
            Assert.True(refused.IsTransient);
        }

        Assert.Equal(head, await ledger.GetHeadAsync(Cancellation));
    }

    static async Task HoldsAsync(Ledger ledger)
    {
        Assert.Empty(ledger.Damage);
        var expected = 0L;
        await foreach (var fact in ledger.ReadAsync(cancellationToken: Cancellation))
        {
            Assert.Equal(Fact(expected++).Payload, fact.Payload);
            if (expected % 97 != 0) continue;
            Assert.Equal(fact.Position, (await ledger.ReadLatestAsync(fact.Stream, fact.Position, Cancellation))!.Position);
            Assert.Equal(1, await ledger.CountAsync(FactQuery.Tags(fact.Tags[0]), cancellationToken: Cancellation));
        }

        Assert.Equal((await ledger.GetHeadAsync(Cancellation)).Value, expected);
    }

    static string Directory(LoopDisk disk) => Path.Combine(disk.MountPoint, "ledger");

    static string Index(LoopDisk disk) => Path.Combine(Directory(disk), "index");

    ValueTask<Ledger> OpenAsync(LoopDisk disk) => Ledger.OpenAsync(
        Directory(disk),
        new LedgerOptions { IndexReserveBytesMax = 0, IdleBeforeMerging = TimeSpan.FromHours(1), MemoryFactsMax = MemoryFacts, PreallocationBytesMin = LogMegabytes * 1_024 * 1_024, BranchTaken = Take },
        Cancellation);

    void Take(RecoveryBranch branch)
    {
        lock (_taken) _taken.Add(branch);
    }

    int Count(RecoveryBranch branch)
    {
        lock (_taken) return _taken.Count(one => one == branch);
    }

    /// <summary>A fact whose tags make its run larger than one write.</summary>
    static NewFact Fact(long number) => new($"orders/{number % 97}", "placed", $$"""{"n":{{number}}}""") { Tags = [Hash(2 * number), Hash((2 * number) + 1)] };

    static NewFact[] Facts(long after) => [.. Enumerable.Range(0, FactsPerAppend).Select(i => Fact(after + i))];

    static string Hash(long number) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{number}")));

    static async Task AppendAsync(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i += FactsPerAppend) await ledger.AppendAsync(Facts((await ledger.GetHeadAsync(Cancellation)).Value), Cancellation);
    }

    static async Task AppendUntilFullAsync(Ledger ledger)
    {
        for (var count = 0; ; count += FactsPerAppend)
        {
            Assert.True(count <= 2 * FactsWithoutRun, "Appends go on beyond the bound.");
            try
            {
                await AppendAsync(ledger, FactsPerAppend);
            }
            catch (LedgerFullException)
            {
                return;
            }
        }
    }

    /// <summary>Fills the disk except for this many bytes.</summary>
    static void Fill(LoopDisk disk, long butFor)
    {
        // Merged runs stay mapped until they are collected, and occupy space until then.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using (var gap = File.Create(Path.Combine(disk.MountPoint, Gap)))
        {
            gap.Write(new byte[butFor]);
            gap.Flush(flushToDisk: true);
        }

        disk.Fill(Filler);
        disk.Free(Gap);
    }

    static IReadOnlyList<Run> Runs(Ledger ledger) => ((FileStorage)ledger.Storage).Runs();

    static long RunEnd(Ledger ledger) => Runs(ledger) is [.., var last] ? last.Last.Value : 0;

    /// <summary>The size of a run with as many facts as memory should hold.</summary>
    static long RunBytes(Ledger ledger) => Runs(ledger).FirstOrDefault(static run => run.Footer.Facts == MemoryFacts)?.Footer.FileBytes ?? 150 * 1_024;

    static long LogBytes(LoopDisk disk) => new DirectoryInfo(Path.Combine(Directory(disk), "segments")).EnumerateFiles("*.log").Sum(static file => file.Length);

    static async Task WaitAsync(Func<bool> until, string otherwise)
    {
        for (var waited = TimeSpan.Zero; !until(); waited += TimeSpan.FromMilliseconds(10))
        {
            Assert.True(waited < Patience, otherwise);
            await Task.Delay(10, Cancellation);
        }
    }
}
