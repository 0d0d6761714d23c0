using System.Collections.Concurrent;
using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Reading;

namespace Factstone.Tests.Cells;

/// <summary>Cells in runs give the same answers as cells in memory and take no memory, with or without facts in the same appends.</summary>
public sealed class CellRunTests
{
    static readonly string[] Buckets = ["b", "é", "bb"];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<int, bool> Sizes => new()
    {
        { 700, true }, { 700, false }, { 5_000, true }, { 5_000, false }, { 40_000, true }, { 40_000, false },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Runs_and_merged_runs_answer_what_memory_answers(int memoryBytesMax, bool isCellsAlone)
    {
        var random = new Random(memoryBytesMax);
        var files = new MemoryFileSystem();
        var plain = new MemoryFileSystem();
        for (var session = 0; session < 4; session++)
        {
            using var ledger = SmallLedger.Open(Options(files, memoryBytesMax));
            using var expected = SmallLedger.Open(SmallLedger.Options(plain));
            SameAnswers(expected, ledger, random);
            for (var i = 0; i < 200; i++)
            {
                var request = Draw(random, (session * 1_000) + i, isCellsAlone);
                Assert.Equal(Committed(expected, request).CellVersions, Committed(ledger, request).CellVersions);
                if (i % 50 == 0) SameAnswers(expected, ledger, random);
            }

            SameAnswers(expected, ledger, random);
            using var reader = SmallLedger.OpenReadOnly(files);
            SameAnswers(expected, reader, random);
        }

        Assert.InRange(Runs(files).Count, 1, 24);
        if (isCellsAlone) Assert.All(Runs(files), path => Assert.Contains($"{1:D20}-{0:D20}", path, StringComparison.Ordinal));
        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, Cancel);
        Assert.Empty(report.Damage);
        Assert.Equal(Runs(files).Count, report.RunsCompared);
    }

    // Compares counts rather than bytes: each cell in memory is held once and counted.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Memory_and_opening_do_not_grow_with_the_number_of_cells(bool isCellsAlone)
    {
        const int memoryBytesMax = 20_000;
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax)))
        {
            for (var i = 0; i < 5_000; i += 10)
            {
                NewFact[] facts = isCellsAlone ? [] : [new NewFact("s/1", null, "1")];
                Committed(ledger, new AppendRequest { Facts = facts, Cells = [.. Enumerable.Range(i, 10).Select(n => NewCell.Put("b", $"name-{n}", "1"))] });
                Assert.InRange(InMemory(ledger), 0, 2 * memoryBytesMax / 200);
            }
        }

        foreach (var open in (Func<IFileSystem, Ledger>[])[SmallLedger.Open, SmallLedger.OpenReadOnly])
        {
            using var ledger = open(files);
            Assert.Equal(0, InMemory(ledger));
            Assert.Equal(5_000, ledger.Storage.Statistics().Cells);
            Assert.Equal(5_000, Names(ledger, "b").Count);
            for (var i = 0; i < 5_000; i += 7) Assert.Equal("1", SmallLedger.Now(ledger.ReadCellAsync("b", $"name-{i}", Cancel))!.Text);
            Assert.Equal(0, InMemory(ledger));
        }

        // A rebuild of the index needs as little memory.
        var bytesRead = 0L;
        SmallLedger.WithoutIndex(files);
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax) with { OpeningProgress = (read, _) => bytesRead = read }))
        {
            Assert.True(bytesRead > 100_000);
            Assert.InRange(InMemory(ledger), 0, 2 * memoryBytesMax / 200);
            Assert.Equal(5_000, ledger.Storage.Statistics().Cells);
        }

        using var again = SmallLedger.Open(files);
        Assert.Equal(0, InMemory(again));
    }

    [Fact]
    public void Append_ids_of_one_cell_alone_become_runs_and_are_known_for_ever()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax: 4_000)))
        {
            for (var i = 0; i < 300; i++)
            {
                Committed(ledger, Writing(NewCell.Put("b", "n", $"{i}")) with { AppendId = $"id-{i}" });
                Assert.InRange(((FileStorage)ledger.Storage).Index.Active.AppendIds, 0, 40);
            }

            Assert.InRange(Runs(files).Count, 2, 20);
        }

        using var again = SmallLedger.Open(files);
        Assert.Equal("v300", $"v{SmallLedger.Now(again.ReadCellAsync("b", "n", Cancel))!.Version}");
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal($"b/n v{i + 1}", Assert.Single(SmallLedger.Now(again.FindAppendAsync($"id-{i}", Cancel))!.CellVersions).ToString());
            Assert.IsType<AppendOutcome.Duplicate>(SmallLedger.Now(again.TryAppendAsync(Writing(NewCell.Put("b", "n", $"{i}")) with { AppendId = $"id-{i}" }, Cancel)));
        }
    }

    [Fact]
    public void A_version_goes_on_behind_a_delete_that_a_run_has()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files)) Committed(ledger, Writing(NewCell.Put("b", "n", "1"), NewCell.Put("b", "m", "1")));
        using (var ledger = SmallLedger.Open(files)) Committed(ledger, Writing(NewCell.Delete("b", "n")));
        using (var ledger = SmallLedger.Open(files))
        {
            Assert.Equal(2, Runs(files).Count);
            Assert.Null(SmallLedger.Now(ledger.ReadCellAsync("b", "n", Cancel)));
            Assert.Equal(["m"], Names(ledger, "b"));
            Assert.Equal(1, ledger.Storage.Statistics().Cells);
            var refused = Assert.IsType<AppendOutcome.Conflict>(SmallLedger.Now(ledger.TryAppendAsync(Writing(NewCell.Put("b", "m", "2")) with { Conditions = [AppendCondition.CellAt("b", "n", 1)] }, Cancel)));
            Assert.Equal(2, refused.ActualCellVersion.Value);
            Assert.Equal(3, Committed(ledger, Writing(NewCell.Put("b", "n", "3")) with { Conditions = [AppendCondition.CellAbsent("b", "n")] }).CellVersions[0].Version.Value);
        }

        using var again = SmallLedger.Open(files);
        Assert.Equal("3", SmallLedger.Now(again.ReadCellAsync("b", "n", Cancel))!.Text);
    }

    [Fact]
    public void A_bucket_of_which_most_was_deleted_is_listed_whole()
    {
        var files = new MemoryFileSystem();
        using var ledger = SmallLedger.Open(Options(files, memoryBytesMax: 60_000));
        for (var i = 0; i < 12_000; i += 1_000) Committed(ledger, Writing([.. Enumerable.Range(i, 1_000).Select(n => NewCell.Put("b", $"{n:D5}", "1"))]));
        for (var i = 0; i < 12_000; i += 1_000) Committed(ledger, Writing([.. Enumerable.Range(i, 1_000).Where(n => n % 2_500 != 1).Select(n => NewCell.Delete("b", $"{n:D5}"))]));
        Committed(ledger, Writing(NewCell.Put("a", "before", "1"), NewCell.Put("c", "behind", "1")));

        Assert.Equal(["00001", "02501", "05001", "07501", "10001"], Names(ledger, "b"));
        Assert.Equal(["05001", "07501"], Names(ledger, "b", new CellListOptions { After = "02501", Limit = 2 }));
        Assert.Equal(["10001"], Names(ledger, "b", new CellListOptions { Prefix = "1" }));
        Assert.Equal(7, ledger.Storage.Statistics().Cells);
    }

    // A bucket is listed once, in order, and only if one of its cells has a value, wherever its cells are.
    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public void The_buckets_that_have_a_value_are_listed(int memoryBytesMax)
    {
        var files = new MemoryFileSystem();
        string[] buckets = ["a", "a b", "a-b", "ab", "b", "z", "é"];
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax)))
        {
            Assert.Empty(ledger.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel));
            foreach (var bucket in buckets)
                for (var i = 0; i < 300; i++) Committed(ledger, Writing(NewCell.Put(bucket, $"{i}", "1")));
            Assert.Equal(buckets, ledger.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel));
            for (var i = 0; i < 300; i++) Committed(ledger, Writing(NewCell.Delete("ab", $"{i}"), NewCell.Delete("z", $"{i}"), NewCell.Delete("a", $"{i}")));
            Committed(ledger, Writing(NewCell.Put("a", "999", "1")));
            Assert.Equal(["a", "a b", "a-b", "b", "é"], ledger.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel));
        }

        using var again = SmallLedger.Open(Options(files, memoryBytesMax));
        Assert.Equal(["a", "a b", "a-b", "b", "é"], again.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel));
    }

    // A page continues where the one before it ended, whatever was written in between and however many names are in memory.
    [Theory]
    [InlineData(2_000)]
    [InlineData(1_000_000)]
    public void A_bucket_that_grows_while_it_is_listed_has_each_name_once_and_all_that_were_there(int memoryBytesMax)
    {
        var random = new Random(8);
        using var ledger = SmallLedger.Open(Options(new MemoryFileSystem(), memoryBytesMax));
        for (var i = 0; i < 2_000; i += 100) Committed(ledger, Writing([.. Enumerable.Range(i, 100).Select(n => NewCell.Put("b", $"{n:D5}", "1"))]));
        var before = Names(ledger, "b");
        var listed = new List<string>();
        foreach (var cell in ledger.ListCellNamesAsync("b", cancellationToken: Cancel).ToBlockingEnumerable(Cancel))
        {
            listed.Add(cell.Name);
            if (random.Next(4) == 0) Committed(ledger, Writing(NewCell.Put("b", $"{random.Next(2_000):D5}-new", ""), NewCell.Put(random.Pick(["a", "b�", "c"]), "other", "")));
        }

        Assert.Equal(listed.Distinct().Order(StringComparer.Ordinal), listed);
        Assert.Equal(before, listed.Where(name => name.Length == 5));
        Assert.Contains(listed, name => name.Length > 5);
    }

    // A run is used only if the chain of runs before it, from the beginning of the
    // log, is complete. If one is missing, cells would be older than they are.
    [Fact]
    public void Whichever_run_of_cells_alone_is_gone_or_damaged_every_cell_is_the_newest()
    {
        var files = new MemoryFileSystem();
        for (var session = 0; session < 5; session++)
            using (var ledger = SmallLedger.Open(files)) Committed(ledger, Writing(NewCell.Put("b", $"own-{session}", $"{session}"), NewCell.Put("b", "n", $"{session}"), session == 3 ? NewCell.Delete("b", "own-0") : NewCell.Put("b", "x", "")));
        var runs = Runs(files);
        Assert.Equal(5, runs.Count);
        foreach (var path in runs)
        {
            var gone = files.Clone();
            gone.Delete(path);
            AreRight(gone);
        }

        // The file names of all these runs but one differ only in a number without meaning. With two files swapped, the runs are the same.
        var swapped = files.Clone();
        var (one, two) = (swapped.ReadAll(runs[1]), swapped.ReadAll(runs[2]));
        swapped.Replace(runs[1], two, two.Length);
        swapped.Replace(runs[2], one, one.Length);
        AreRight(swapped);

        var wrong = new ConcurrentQueue<string>();
        Parallel.ForEach(runs.SelectMany(path => Enumerable.Range(0, (int)(files.LastWrittenByte(path) + 1) * 8).Select(bit => (Path: path, Bit: bit))), new ParallelOptions { MaxDegreeOfParallelism = 2 }, one =>
        {
            var damaged = files.Clone();
            damaged.FlipBit(one.Path, one.Bit);
            try
            {
                AreRight(damaged);
            }
            catch (Exception exception)
            {
                wrong.Enqueue($"{one.Path}, bit {one.Bit}: {exception}");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong.Take(3)));

        static void AreRight(MemoryFileSystem files)
        {
            using (var reader = SmallLedger.OpenReadOnly(files)) Same(reader);
            using (var ledger = SmallLedger.Open(files)) Same(ledger);
            using var again = SmallLedger.Open(files);
            Same(again);
            Assert.Equal(6, Committed(again, Writing(NewCell.Put("b", "n", "5"))).CellVersions[0].Version.Value);
        }

        static void Same(Ledger ledger)
        {
            Assert.Equal(("4", 5L), (SmallLedger.Now(ledger.ReadCellAsync("b", "n", Cancel))!.Text, SmallLedger.Now(ledger.ReadCellAsync("b", "n", Cancel))!.Version.Value));
            for (var session = 1; session < 5; session++) Assert.Equal($"{session}", SmallLedger.Now(ledger.ReadCellAsync("b", $"own-{session}", Cancel))!.Text);
            Assert.Null(SmallLedger.Now(ledger.ReadCellAsync("b", "own-0", Cancel)));
            Assert.Equal(["n", "own-1", "own-2", "own-3", "own-4", "x"], Names(ledger, "b"));
            Assert.Equal(6, ledger.Storage.Statistics().Cells);
            Assert.Empty(ledger.Damage);
        }
    }

    // After a crash before the old runs are removed, the merged run and the old ones overlap.
    [Fact]
    public void Of_runs_of_cells_alone_that_overlap_the_longer_one_counts()
    {
        var files = new MemoryFileSystem();
        var before = new Dictionary<string, byte[]>();
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax: 600)))
        {
            for (var i = 0; i < 100; i++)
            {
                Committed(ledger, Writing(NewCell.Put("b", $"{i % 7}", $"{i}")));
                foreach (var path in Runs(files)) before[path] = files.ReadAll(path);
            }
        }

        var left = Runs(files);
        foreach (var (path, content) in before.Where(one => !left.Contains(one.Key))) files.Replace(path, content, content.Length);
        Assert.True(Runs(files).Count > left.Count);

        using var again = SmallLedger.Open(files);
        for (var i = 0; i < 7; i++) Assert.Equal($"{Enumerable.Range(0, 100).Last(n => n % 7 == i)}", SmallLedger.Now(again.ReadCellAsync("b", $"{i}", Cancel))!.Text);
        Assert.InRange(Runs(files).Count, 1, left.Count);
        Assert.Empty(again.Damage);
    }

    [Fact]
    public void A_merge_that_keeps_an_old_write_is_found_by_a_deep_check()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(Options(files, memoryBytesMax: 600) with { Defect = Defect.MergeKeepsOldCell }))
            for (var i = 0; i < 60; i++) Assert.NotNull(SmallLedger.Now(ledger.TryAppendAsync(Writing(NewCell.Put("b", $"{i / 4}", $"{i}"), NewCell.Put("own", $"{i}", "")), Cancel)));

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, Cancel);
        Assert.Contains(report.Damage, one => one.What.Contains("the cell b/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reader_beside_the_writer_lets_go_of_the_cells_that_runs_have(bool isCellsAlone)
    {
        var files = new MemoryFileSystem();
        var taken = new List<RecoveryBranch>();
        var options = Options(files, memoryBytesMax: 2_000);
        using var ledger = SmallLedger.Open(options);
        using var reader = Ledger.Open(FileStorage.OpenReadOnly(files, SmallLedger.Root, (options with { BranchTaken = taken.Add }).ToStorageOptions()), options);
        for (var i = 0; i < 400; i++)
        {
            Committed(ledger, new AppendRequest { Facts = isCellsAlone || i % 10 > 0 ? [] : [new NewFact("s/1", null, "1")], AppendId = i % 3 == 0 ? $"id-{i}" : null, Cells = [NewCell.Put("b", $"{i}", "x"), i % 5 == 4 ? NewCell.Delete("b", $"{i - 3}") : NewCell.Put("b", "n", $"{i}")] });
            if (i % 5 < 4) Assert.Equal($"{i}", SmallLedger.Now(reader.ReadCellAsync("b", "n", Cancel))!.Text);
            Assert.InRange(InMemory(reader), 0, 60);
        }

        Assert.Contains(RecoveryBranch.RunsAdopted, taken);
        Assert.Equal(Names(ledger, "b"), Names(reader, "b"));
        Assert.Equal(ledger.Storage.Statistics().Cells, reader.Storage.Statistics().Cells);
        Assert.Equal(ledger.Storage.Statistics().AppendIds, reader.Storage.Statistics().AppendIds);
        for (var i = 0; i < 400; i += 3) Assert.Equal(SmallLedger.Now(ledger.FindAppendAsync($"id-{i}", Cancel))!.RecordedAt, SmallLedger.Now(reader.FindAppendAsync($"id-{i}", Cancel))!.RecordedAt);
    }

    static LedgerOptions Options(IFileSystem files, int memoryBytesMax) => SmallLedger.Options(files) with { MemoryBytesMax = memoryBytesMax };

    /// <summary>The number of cells held in memory.</summary>
    static long InMemory(Ledger ledger)
    {
        var count = 0L;
        foreach (var part in ((FileStorage)ledger.Storage).Index.Parts) count += part is MemoryPart memory ? memory.Cells.Count : 0;
        return count;
    }

    static AppendRequest Draw(Random random, int number, bool isCellsAlone)
    {
        var cells = Enumerable.Range(0, random.Next(1, 6)).Select(_ => (Bucket: random.Pick(Buckets), Name: random.Next(8) == 0 ? "" : $"{random.Pick(["a", "é", "z/"])}{random.Next(60)}")).Distinct()
            .Select(one => random.Next(4) == 0 ? NewCell.Delete(one.Bucket, one.Name) : NewCell.Put(one.Bucket, one.Name, number.ToString(CultureInfo.InvariantCulture)));
        return new AppendRequest
        {
            AppendId = random.Next(3) == 0 ? $"append-{number}" : null,
            Facts = isCellsAlone || random.Next(3) == 0 ? [] : [new NewFact($"s/{random.Next(20)}", "type", "1")],
            Cells = [.. cells],
        };
    }

    static void SameAnswers(Ledger expected, Ledger ledger, Random random)
    {
        Assert.Empty(ledger.Damage);
        Assert.Equal(expected.Storage.Statistics().Cells, ledger.Storage.Statistics().Cells);
        Assert.Equal(expected.Storage.Statistics().AppendIds, ledger.Storage.Statistics().AppendIds);
        foreach (var bucket in Buckets.Append("none"))
        {
            var names = Names(expected, bucket);
            Assert.Equal(names, Names(ledger, bucket));
            for (var i = 0; i < 10; i++)
            {
                var options = new CellListOptions { Prefix = random.Pick(["", "", "a", "é", "z/1", "zz"]), After = random.Next(2) == 0 || names.Count == 0 ? null : random.Pick(names), Limit = random.Next(2) == 0 ? random.Next(5) : null };
                Assert.Equal(Names(expected, bucket, options), Names(ledger, bucket, options));
            }

            foreach (var name in names.Append("").Append("none").Concat(Enumerable.Range(0, 60).Select(n => $"a{n}")))
            {
                var (right, found) = (SmallLedger.Now(expected.ReadCellAsync(bucket, name, Cancel)), SmallLedger.Now(ledger.ReadCellAsync(bucket, name, Cancel)));
                Assert.Equal((right?.Version, right?.Text), (found?.Version, found?.Text));
                Assert.Equal(expected.Storage.StateOf(new CellName(bucket, name)).Version, ledger.Storage.StateOf(new CellName(bucket, name)).Version);
            }
        }

        var buckets = ledger.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel).ToList();
        Assert.Equal(expected.ListBucketsAsync(Cancel).ToBlockingEnumerable(Cancel), buckets);
        Assert.All(buckets, bucket => Assert.NotEmpty(Names(ledger, bucket)));
        for (var number = 0; number < 4_000; number += 3)
            Assert.Equal(SmallLedger.Now(expected.FindAppendAsync($"append-{number}", Cancel))?.CellVersions, SmallLedger.Now(ledger.FindAppendAsync($"append-{number}", Cancel))?.CellVersions);
    }

    static List<string> Names(Ledger ledger, string bucket, CellListOptions? options = null) =>
        [.. ledger.ListCellNamesAsync(bucket, options, Cancel).ToBlockingEnumerable(Cancel).Select(cell => cell.Name)];

    static AppendRequest Writing(params NewCell[] cells) => new() { Cells = cells };

    static AppendReceipt Committed(Ledger ledger, AppendRequest request) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(request, Cancel))).Receipt;

    static List<string> Runs(MemoryFileSystem files) => [.. files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
