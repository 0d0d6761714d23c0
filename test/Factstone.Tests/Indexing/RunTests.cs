using System.Collections.Concurrent;
using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>A ledger with runs gives the same answers as one without, whatever happens to the runs.</summary>
public sealed partial class RunTests
{
    const int Streams = 40;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Runs_and_merged_runs_answer_what_memory_answers(int memoryFactsMax)
    {
        var random = new Random(memoryFactsMax);
        var files = new MemoryFileSystem();
        var plain = new MemoryFileSystem();
        for (var session = 0; session < 3; session++)
        {
            using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax });
            using var expected = SmallLedger.Open(SmallLedger.Options(plain));
            for (var i = 0; i < 200; i++)
            {
                var request = Draw(random, (session * 1_000) + i);
                Assert.Equal(Committed(expected, request).Versions, Committed(ledger, request).Versions);
            }

            SameAnswers(expected, ledger, random);
        }

        Assert.InRange(Runs(files).Count, 1, memoryFactsMax == 1 ? 40 : 20);
    }

    [Fact]
    public void A_run_that_is_large_enough_is_not_merged_any_more_and_those_behind_it_are()
    {
        var files = new MemoryFileSystem();
        var random = new Random(1);
        using (var first = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 4 }))
            for (var i = 0; i < 100; i++) Committed(first, Draw(random, i));
        var oldest = Runs(files)[0];
        var large = files.LastWrittenByte(oldest);

        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 4, MergedRunBytesMax = large - 1 });
        for (var i = 0; i < 200; i++) Committed(ledger, Draw(random, 1_000 + i));

        Assert.Equal(oldest, Runs(files)[0]);
        Assert.Contains(Runs(files).Skip(1), path => files.LastWrittenByte(path) >= large);
    }

    [Fact]
    public void A_deleted_index_is_made_again_with_progress_and_gives_the_same_answers()
    {
        var files = Written(out var facts);
        SmallLedger.WithoutIndex(files);
        var progress = 0L;
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 16, OpeningProgress = (read, _) => progress = read };
        using (var ledger = SmallLedger.Open(options))
        {
            Same(facts, ledger);
            Assert.True(progress > 0);
            Assert.InRange(Runs(files).Count, 1, 20);
        }

        SmallLedger.WithoutIndex(files);
        using var reader = SmallLedger.OpenReadOnly(files);
        Same(facts, reader);
        Assert.Empty(Runs(files));
    }

    // The last segment did not count for an open for writing, so that a ledger of one segment had nothing to read in all;
    // and what the index has counted, so that the end was never reached.
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void The_progress_of_an_open_ends_with_all_that_was_to_be_read(bool hasOldRuns, bool isReadOnly)
    {
        var files = new MemoryFileSystem();
        var random = new Random(3);
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 16 }))
            for (var i = 0; i < 600; i++) Committed(ledger, Draw(random, i));
        Assert.InRange(files.Paths.Count(static path => LedgerLayout.IsSegment(path)), 2, 20);
        if (!hasOldRuns) SmallLedger.WithoutIndex(files);
        else files.Delete(Runs(files)[^1]);

        var told = new List<(long Read, long All)>();
        var options = SmallLedger.Options(files) with { OpeningProgress = (read, all) => told.Add((read, all)) };
        using var opened = isReadOnly ? Ledger.Open(FileStorage.OpenReadOnly(files, SmallLedger.Root, options.ToStorageOptions()), options) : SmallLedger.Open(options);

        Assert.All(told, one => Assert.InRange(one.Read, 1, one.All));
        Assert.Single(told.Select(static one => one.All).Distinct());
        Assert.Equal(told[^1].All, told[^1].Read);
    }

    [Fact]
    public void A_reader_that_would_need_too_much_memory_without_an_index_says_what_to_type()
    {
        var files = SmallLedger.WithoutIndex(Written(out _));
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 16, ReadOnlyFactsMax = 50 };

        var refused = Assert.Throws<LedgerIndexException>(() => FileStorage.OpenReadOnly(files, SmallLedger.Root, options.ToStorageOptions()));

        Assert.Contains("factstone repair --data 'ledger'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bit_of_a_ledger_with_runs_may_flip_and_no_answer_is_wrong()
    {
        var files = SmallLedger.ClosedCleanly();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 4 })) Assert.Empty(ledger.Damage);
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 2 })) SmallLedger.AppendOne(ledger);
        Assert.InRange(Runs(files).Count, 2, 8);
        Assert.InRange(files.Paths.Sum(path => files.LastWrittenByte(path) + 1), 1, 12 * 1_024);
        using var well = SmallLedger.Open(files.Clone());
        var facts = Facts(well);

        var wrong = new ConcurrentQueue<string>();
        var found = new ConcurrentDictionary<RecoveryBranch, int>();
        foreach (var path in files.Paths.Where(path => !path.EndsWith("LOCK", StringComparison.Ordinal)))
        {
            Parallel.For(0, (files.LastWrittenByte(path) + 1) * 8, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (bit, loop) =>
            {
                var damaged = files.Clone();
                damaged.FlipBit(path, bit);
                try
                {
                    var options = SmallLedger.Options(damaged) with { BranchTaken = branch => found.AddOrUpdate(branch, 1, static (_, count) => count + 1) };
                    foreach (var isReader in (bool[])[true, false])
                    {
                        using var ledger = isReader ? Ledger.Open(FileStorage.OpenReadOnly(damaged, SmallLedger.Root, options.ToStorageOptions()), options) : SmallLedger.Open(options);
                        RightOrDamaged(facts, ledger, isRun: path.Contains("/index/", StringComparison.Ordinal), isReader);
                    }
                }
                catch (Exception exception)
                {
                    wrong.Enqueue($"{path}, byte {bit / 8}, bit {bit % 8}: {exception}");
                    if (wrong.Count > 3) loop.Stop();
                }
            });
        }

        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong));
        Assert.True(found.ContainsKey(RecoveryBranch.RunRejected), "no run was ever made again");
    }

    // The blocks of a larger run are checked at their first use. By then the run is open and must be rebuilt while the ledger is in use.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_bit_that_flips_in_a_large_run_is_found_when_it_is_touched(bool isMapped)
    {
        var root = Path.Combine(Path.GetTempPath(), $"factstone-run-{Guid.NewGuid():N}");
        var random = new Random(9);
        try
        {
            var mended = 0;
            var options = new LedgerOptions { FileSystem = new DiskFileSystem(), MappedReads = isMapped, BranchTaken = branch => mended += branch == RecoveryBranch.RunRebuilt ? 1 : 0 };
            List<Fact> facts;
            using (var ledger = Open(root, options))
            {
                for (var i = 0; i < 300; i++)
                    Done(ledger.AppendAsync(new AppendRequest { AppendId = $"append-{i}", Facts = [.. Enumerable.Range(0, 20).Select(n => new NewFact(Stream(random.Next(2_000)), $"type-{n}", "1") { Tags = [$"tag-{n % 3}"] })] }, Cancel));
                facts = Facts(ledger);
            }

            var path = Assert.Single(Directory.GetFiles(Path.Combine(root, "index"), "*.run"));
            Assert.True(new FileInfo(path).Length > 100_000);
            for (var round = 0; round < 30; round++)
            {
                var bytes = File.ReadAllBytes(path);
                var at = random.Next(bytes.Length);
                bytes[at] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, bytes);

                using var ledger = Open(root, options);
                foreach (var stream in facts.Select(fact => fact.Stream).Distinct())
                    Assert.Equal(facts.Last(fact => fact.Stream == stream).StreamVersion, Done(ledger.GetVersionAsync(stream, cancellationToken: Cancel)));
                Assert.Equal(facts.Select(Text), Facts(ledger).Select(Text));
                for (var i = 0; i < 310; i++) Assert.Equal(i < 300, Done(ledger.FindAppendAsync($"append-{i}", Cancel)) is not null);
                Assert.Empty(ledger.Damage);
            }

            Assert.True(mended > 5, $"runs were made again {mended} times");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    static Ledger Open(string root, LedgerOptions options) => Ledger.Open(FileStorage.Open(options.FileSystem!, root, options.ToStorageOptions(), Cancel), options);

    static T Done<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    // After a crash before the old runs are removed, the merged run and the old ones overlap.
    [Fact]
    public void Of_runs_that_overlap_the_longer_one_counts()
    {
        var files = new MemoryFileSystem();
        var before = new Dictionary<string, byte[]>();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 10 }))
        {
            for (var i = 0; i < 100; i++)
            {
                Committed(ledger, new AppendRequest(new NewFact(Stream(i % 7), "n", i.ToString(CultureInfo.InvariantCulture))));
                foreach (var path in Runs(files)) before[path] = files.ReadWhole(path);
            }
        }

        var left = Runs(files);
        foreach (var (path, content) in before) files.Replace(path, content, content.Length);
        Assert.True(Runs(files).Count > left.Count);
        foreach (var path in left) Assert.Contains(path, Runs(files));

        using var again = SmallLedger.Open(files);
        Assert.Equal(100, again.Storage.Head.Position.Value);
        for (var i = 0; i < 7; i++) Assert.Equal(100 / 7 + (i < 2 ? 1 : 0), SmallLedger.Now(again.GetVersionAsync(Stream(i))).Value);
        Assert.True(Runs(files).Count < before.Count + left.Count);
    }

    [Fact]
    public void A_run_of_another_ledger_is_not_believed()
    {
        var one = Written(out _);
        var two = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(two) with { Salts = new SeededSalts(new Random(77)) }))
            for (var i = 0; i < 300; i++) Committed(ledger, new AppendRequest(new NewFact("other/1", null, "1")));
        SmallLedger.WithoutIndex(two);
        foreach (var path in Runs(one))
        {
            var content = one.ReadWhole(path);
            two.Replace(path, content, content.Length);
        }

        using var again = SmallLedger.Open(SmallLedger.Options(two));
        Assert.Equal(300, SmallLedger.Now(again.GetVersionAsync("other/1")).Value);
        Assert.Equal(0, SmallLedger.Now(again.GetVersionAsync(Stream(1))).Value);
    }

    [Theory]
    [InlineData(nameof(Defect.MergeDropsList))]
    [InlineData(nameof(Defect.StaleStreamHead))]
    public void A_planted_mistake_gives_a_wrong_answer(string mistake)
    {
        var files = new MemoryFileSystem();
        var plain = new MemoryFileSystem();
        var random = new Random(5);
        var defect = Enum.Parse<Defect>(mistake);
        Assert.ThrowsAny<Exception>(() =>
        {
            using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 4, Defect = defect });
            using var expected = SmallLedger.Open(SmallLedger.Options(plain));
            for (var i = 0; i < 300; i++)
            {
                var request = Draw(random, i);
                Assert.Equal(Committed(expected, request).Versions, Committed(ledger, request).Versions);
            }

            SameAnswers(expected, ledger, random);
        });
    }

    static MemoryFileSystem Written(out List<Fact> facts)
    {
        var files = new MemoryFileSystem();
        var random = new Random(3);
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 16 });
        for (var i = 0; i < 100; i++) Committed(ledger, Draw(random, i));
        facts = Facts(ledger);
        return files;
    }

    static AppendRequest Draw(Random random, int number)
    {
        var facts = new List<NewFact>();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var stream = Stream(random.Next(Streams));
            facts.Add(random.Next(6) == 0
                ? NewFact.Retraction(stream)
                : new NewFact(stream, random.Next(3) == 0 ? null : $"type-{random.Next(4)}", $$"""{"n":{{number}}}""") { Tags = random.Next(2) == 0 ? [] : [$"tag-{random.Next(5)}", "all"] });
        }

        var cells = random.Next(3) > 0 ? [] : new[] { random.Next(4) == 0 ? NewCell.Delete("b", $"{random.Next(20)}") : NewCell.Put("b", $"{random.Next(20)}", $"{number}") };
        return new AppendRequest { AppendId = random.Next(2) == 0 ? $"append-{number}" : null, Facts = facts, Cells = cells };
    }

    static StreamName Stream(int number) => new(number % 3 == 0 ? "orders" : "tasks", number.ToString(CultureInfo.InvariantCulture));

    static AppendReceipt Committed(Ledger ledger, AppendRequest request) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(request, Cancel))).Receipt;

    static List<string> Runs(MemoryFileSystem files) => [.. files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal))];

    static List<Fact> Facts(Ledger ledger) => [.. ledger.ReadAsync(cancellationToken: Cancel).ToBlockingEnumerable(Cancel)];

    static void SameAnswers(Ledger expected, Ledger ledger, Random random, int idsMax = 3_000)
    {
        var facts = Facts(expected);
        Same(facts, ledger);
        for (var number = 0; number < idsMax; number++)
        {
            var id = $"append-{number}";
            Assert.Equal(SmallLedger.Now(expected.FindAppendAsync(id, Cancel))?.FirstPosition, SmallLedger.Now(ledger.FindAppendAsync(id, Cancel))?.FirstPosition);
            Assert.Equal(expected.Storage.ReadAppendCells(id).Count, ledger.Storage.ReadAppendCells(id).Count);
        }

        for (var name = 0; name < 20; name++)
        {
            var (right, found) = (SmallLedger.Now(expected.ReadCellAsync("b", $"{name}", Cancel)), SmallLedger.Now(ledger.ReadCellAsync("b", $"{name}", Cancel)));
            Assert.Equal((right?.Version, right?.Text), (found?.Version, found?.Text));
        }

        var index = (FileStorage)ledger.Storage;
        foreach (var term in (Term[])[Term.Store("orders"), Term.Type("type-1"), Term.Type("none"), Term.Tag("tag-3"), Term.Tag("all"), Term.Stream(Stream(4))])
        {
            for (var i = 0; i < 20; i++)
            {
                var (after, until) = (new Position(random.Next(facts.Count)), new Position(random.Next(facts.Count + 1)));
                var matching = facts.Where(fact => fact.Position > after && fact.Position <= until && IsOf(fact, term)).Select(fact => fact.Position).ToList();
                Assert.Equal(matching, Positions(index.Index.Open(term, after, until, backward: false)));
                Assert.Equal(matching.AsEnumerable().Reverse(), Positions(index.Index.Open(term, after, until, backward: true)));
                Assert.True(index.Index.CountAtMost(term, after, until) >= matching.Count);
                var leap = new Position(random.Next(1, facts.Count));
                var cursor = index.Index.Open(term, after, until, backward: false);
                if (cursor.Current > Position.None) cursor.MoveTo(leap);
                Assert.Equal(matching.FirstOrDefault(position => position >= leap), cursor.Current);
            }
        }

        Assert.Equal(expected.Storage.Stores(), ledger.Storage.Stores());
        Assert.Equal(expected.Storage.Statistics().Streams, ledger.Storage.Statistics().Streams);
        Assert.Equal(expected.Storage.Statistics().AppendIds, ledger.Storage.Statistics().AppendIds);
    }

    static bool IsOf(Fact fact, Term term) => term.Kind switch
    {
        TermKind.Store => fact.Stream.Store == term.Name,
        TermKind.Type => fact.Type == term.Name,
        TermKind.Tag => fact.Tags.Contains(term.Name),
        _ => fact.Stream == new StreamName(term.Name, term.Key!),
    };

    static List<Position> Positions(PositionCursor cursor)
    {
        var positions = new List<Position>();
        for (; cursor.Current > Position.None; cursor.MoveNext()) positions.Add(cursor.Current);
        return positions;
    }

    static void Same(List<Fact> facts, Ledger ledger)
    {
        Assert.Equal(facts.Select(Text), Facts(ledger).Select(Text));
        foreach (var stream in facts.Select(fact => fact.Stream).Distinct())
        {
            var own = facts.Where(fact => fact.Stream == stream).ToList();
            Assert.Equal(own.Select(Text), ledger.ReadStreamAsync(stream, cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(Text));
            Assert.Equal(own.AsEnumerable().Reverse().Select(Text), ledger.ReadStreamAsync(stream, new StreamReadOptions { Backward = true }, Cancel).ToBlockingEnumerable(Cancel).Select(Text));
            for (var at = 1; at <= facts.Count; at += 17)
                Assert.Equal(own.LastOrDefault(fact => fact.Position.Value <= at)?.StreamVersion ?? StreamVersion.None, SmallLedger.Now(ledger.GetVersionAsync(stream, new Position(at), Cancel)));
        }

        foreach (var fact in facts.Where((_, i) => i % 5 == 0))
            Assert.Equal(facts.Last(one => one.RecordedAt <= fact.RecordedAt).Position, SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(fact.RecordedAt), Cancel)).Position);
        FactQuery[] queries =
        [
            FactQuery.All, FactQuery.Store("orders"), FactQuery.Tags("all", "tag-3"), FactQuery.Types("type-1", "type-2"), [new() { Store = "tasks", KeyPrefix = "1", Tags = ["all"] }],
            [new() { Store = "orders", Types = ["type-0"] }, new() { Tags = ["tag-1"] }, new() { Store = "tasks", Key = "4" }], FactQuery.Tags("none"), FactQuery.Tags("tag-1"), FactQuery.Types("placed"),
        ];
        foreach (var query in queries)
        {
            var matching = facts.Where(query.Matches).Select(Text).ToList();
            Assert.Equal(matching, ledger.ReadAsync(query, cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(Text));
            Assert.Equal(matching.AsEnumerable().Reverse(), ledger.ReadAsync(query, new ReadOptions { Backward = true }, Cancel).ToBlockingEnumerable(Cancel).Select(Text));
            Assert.Equal(matching.Count, SmallLedger.Now(ledger.CountAsync(query, cancellationToken: Cancel)));
        }

        foreach (var store in (string[])["orders", "tasks", "none"])
        {
            var expected = facts.Where(fact => fact.Stream.Store == store).GroupBy(fact => fact.Stream).Select(stream => stream.Last()).Where(fact => !fact.Retracts)
                .Select(fact => fact.Stream.Key).Order(StringComparer.Ordinal);
            Assert.Equal(expected, ledger.ListAsync(store, cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(fact => fact.Stream.Key));
        }
    }

    static void RightOrDamaged(List<Fact> facts, Ledger ledger, bool isRun, bool isReader)
    {
        if (isRun)
        {
            Same(facts, ledger);
            Assert.Empty(ledger.Damage);
            return;
        }

        var head = SmallLedger.Now(ledger.GetHeadAsync(Cancel)).Value;
        if (!isReader) Assert.Equal(facts.Count, head);
        for (var position = 1; position <= head; position++)
        {
            try
            {
                Assert.Equal(Text(facts[position - 1]), Text(SmallLedger.Now(ledger.ReadAtAsync(new Position(position), Cancel))!));
            }
            catch (LedgerDamagedException)
            {
                Assert.NotEmpty(ledger.Damage);
                Assert.Throws<LedgerDamagedException>(() => isReader ? throw new LedgerDamagedException("", ledger.Damage) : SmallLedger.AppendOne(ledger));
            }
        }

        foreach (var stream in facts.Select(fact => fact.Stream).Distinct())
        {
            try
            {
                var version = SmallLedger.Now(ledger.GetVersionAsync(stream, new Position(head), Cancel));
                Assert.Equal(facts.Where(fact => fact.Position.Value <= head).LastOrDefault(fact => fact.Stream == stream)?.StreamVersion ?? StreamVersion.None, version);
            }
            catch (LedgerDamagedException)
            {
                Assert.NotEmpty(ledger.Damage);
            }
        }
    }

    static string Text(Fact fact) => $"{fact} {fact.RecordedAtMicroseconds} {fact.Retracts} {string.Join(',', fact.Tags)} {fact.Json}";
}
