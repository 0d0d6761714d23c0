using System.Collections.Concurrent;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Cells;

/// <summary>A read of a cell returns its newest write or is refused, whatever happens to the log and the runs together.</summary>
public sealed class DamagedCellRunTests
{
    const int CellsInAll = 30;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // If a damaged run is rebuilt from a damaged log, part of its content is unknown.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_log_under_damaged_runs_never_gives_an_older_value(bool isCellsAlone)
    {
        var (files, newest) = Written(isCellsAlone);
        var runs = files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).ToList();
        var segments = files.Paths.Where(LedgerLayout.IsSegment).ToList();
        Assert.InRange(runs.Count, 3, 20);
        Assert.InRange(segments.Count, 3, 20);
        var wrong = new ConcurrentQueue<string>();
        var (answered, refused) = (0, 0);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var random = new Random(seed);
            var damaged = files.Clone();
            var segment = segments[random.Next(segments.Count)];
            if (random.Next(8) == 0) damaged.Delete(segment);
            else damaged.FlipBit(segment, random.NextInt64((files.LastWrittenByte(segment) + 1) * 8));
            foreach (var run in runs.Where(_ => random.Next(runs.Count) < 2))
            {
                if (random.Next(2) == 0) damaged.Delete(run);
                else damaged.FlipBit(run, random.NextInt64((files.LastWrittenByte(run) + 1) * 8));
            }

            try
            {
                using (var reader = SmallLedger.OpenReadOnly(damaged)) Ask(reader);
                using (var ledger = SmallLedger.Open(damaged)) Ask(ledger);

                // A read that found damage has recorded it, and the next open reads the whole log.
                using (var again = SmallLedger.Open(damaged)) Ask(again);
            }
            catch (Exception exception)
            {
                wrong.Enqueue($"seed {seed}: {exception}");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong.Take(3)));
        Assert.True(answered > 1_000 && refused > 1_000, $"{answered} answered, {refused} refused");

        void Ask(Ledger ledger)
        {
            foreach (var ((bucket, name), write) in newest)
            {
                try
                {
                    var found = SmallLedger.Now(ledger.ReadCellAsync(bucket, name, Cancel));
                    Assert.Equal(write.IsDelete ? null : Convert.ToHexString(write.Value.Span), found is null ? null : Convert.ToHexString(found.Value.Span));
                    Interlocked.Increment(ref answered);
                }
                catch (LedgerDamagedException damage)
                {
                    Assert.NotEmpty(damage.Damage);
                    Assert.NotEmpty(ledger.Damage);
                    Interlocked.Increment(ref refused);
                }
            }

            try
            {
                var names = ledger.ListCellNamesAsync("b", cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Select(cell => cell.Name).ToList();
                Assert.Equal(newest.Where(one => !one.Value.IsDelete).Select(one => one.Key.Name).Order(StringComparer.Ordinal), names);
            }
            catch (LedgerDamagedException)
            {
                Assert.NotEmpty(ledger.Damage);
            }
        }
    }

    // A run knows which cells were written in a missing segment. Reads of those cells are refused, and the other cells are unchanged.
    [Fact]
    public void Where_a_segment_of_cells_is_gone_that_runs_know_only_its_cells_are_refused()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files))
        {
            Append(ledger, NewCell.Put("b", "first", "1"), NewCell.Put("b", "deleted", "1"));
            for (var i = 0; i < 6; i++) Append(ledger, NewCell.Put("b", $"large-{i}", new byte[30_000]));
            Append(ledger, NewCell.Put("b", "last", "1"), NewCell.Delete("b", "deleted"));
        }

        var segments = files.Paths.Where(LedgerLayout.IsSegment).ToList();
        Assert.True(segments.Count > 2);
        files.Delete(segments[1]);
        Assert.Contains(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), progress: null, Cancel).Damage, one => one.File == segments[1]);
        foreach (var open in (Func<IFileSystem, Ledger>[])[SmallLedger.OpenReadOnly, SmallLedger.Open])
        {
            using var ledger = open(files);
            Assert.Equal("1", SmallLedger.Now(ledger.ReadCellAsync("b", "first", Cancel))!.Text);
            Assert.Equal("1", SmallLedger.Now(ledger.ReadCellAsync("b", "last", Cancel))!.Text);
            Assert.Null(SmallLedger.Now(ledger.ReadCellAsync("b", "deleted", Cancel)));
            Assert.Null(SmallLedger.Now(ledger.ReadCellAsync("b", "never", Cancel)));
            var refused = 0;
            for (var i = 0; i < 6; i++)
            {
                try
                {
                    Assert.Equal(30_000, SmallLedger.Now(ledger.ReadCellAsync("b", $"large-{i}", Cancel))!.Value.Length);
                }
                catch (LedgerDamagedException damage)
                {
                    Assert.Contains(damage.Damage, one => one.File == segments[1]);
                    refused++;
                }
            }

            Assert.InRange(refused, 1, 2);
            Assert.Contains(ledger.Damage, one => one.File == segments[1]);
            Assert.Equal(8, ledger.ListCellNamesAsync("b", cancellationToken: Cancel).ToBlockingEnumerable(Cancel).Count());
            if (!ledger.IsReadOnly) Assert.Throws<LedgerDamagedException>(() => Append(ledger, NewCell.Put("b", "first", "2")));
        }
    }

    static (MemoryFileSystem Files, Dictionary<(string Bucket, string Name), NewCell> Newest) Written(bool isCellsAlone)
    {
        var random = new Random(4);
        var files = new MemoryFileSystem();
        var newest = new Dictionary<(string Bucket, string Name), NewCell>();
        for (var session = 0; session < 2; session++)
        {
            using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryBytesMax = 3_000 });
            for (var i = 0; i < 40; i++)
            {
                var cells = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(CellsInAll)).Distinct()
                    .Select(number => random.Next(6) == 0 ? NewCell.Delete("b", $"{number:D2}") : NewCell.Put("b", $"{number:D2}", new string((char)('a' + (i % 26)), random.Next(3_000)))).ToArray();
                foreach (var cell in cells) newest[(cell.Cell.Bucket, cell.Cell.Name)] = cell;
                NewFact[] facts = isCellsAlone || random.Next(2) == 0 ? [] : [new NewFact("s/1", null, $"\"{new string('x', 1_000)}\"")];
                Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest { Facts = facts, Cells = cells }, Cancel)));
            }
        }

        return (files, newest);
    }

    static void Append(Ledger ledger, params NewCell[] cells) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest { Cells = cells }, Cancel)));
}
