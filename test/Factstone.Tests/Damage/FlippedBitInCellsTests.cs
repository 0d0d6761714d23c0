using System.Collections.Concurrent;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Damage;

/// <summary>
/// Flips every bit of every file of a small ledger with cells, one at a
/// time. The damage is reported, and no read returns an old value of a cell.
/// </summary>
/// <remarks>
/// A flip in the value of a cell costs that write. A flip in the header of a frame, or in the name of a cell, may hide a write of any cell.
/// Cells with a later write are known all the same; reads of the others are refused.
/// </remarks>
public sealed class FlippedBitInCellsTests
{
    static readonly CellName[] Cells = [new("b", "x"), new("b", "y"), new("b", "gone"), new("c", "w"), new("b", "never")];

    static readonly AppendRequest[] Appends =
    [
        new(new NewFact("orders/1", "placed", "1")) { AppendId = "c1", Cells = [NewCell.Put("b", "x", "1"), NewCell.Put("b", "y", "2"), NewCell.Put("b", "gone", "z")] },
        new() { Cells = [NewCell.Put("b", "x", "2"), NewCell.Delete("b", "gone")] },
        new(new NewFact("orders/1", "paid", "true"), new NewFact("tasks/a", null, "1")),
        new(new NewFact("tasks/a", null, "2")) { AppendId = "c4", Cells = [NewCell.Put("c", "w", new string('w', 100)), NewCell.Put("b", "y", "")] },
    ];

    [Fact]
    public void A_ledger_that_was_closed_never_answers_a_wrong_cell() => EveryBitOf(SmallLedger.WithoutIndex(Write(closes: true)));

    [Fact]
    public void A_ledger_whose_writer_was_killed_never_answers_a_wrong_cell() => EveryBitOf(SmallLedger.WithoutIndex(Write(closes: false)));

    [Fact]
    public void A_ledger_that_was_recovered_never_answers_a_wrong_cell()
    {
        var files = Write(closes: false);
        SmallLedger.Open(files).Dispose();
        Assert.Equal(2, files.Paths.Count(LedgerLayout.IsSegment));
        EveryBitOf(SmallLedger.WithoutIndex(files));
    }

    // An open does not read the frames of cells that a run covers; the first read finds damage in them. A flip in the run itself costs
    // nothing, because the log answers instead.
    [Fact]
    public void With_an_index_too_each_cell_is_right_or_refused()
    {
        var files = Write(closes: true);
        Assert.Single(files.Paths, path => path.EndsWith(".run", StringComparison.Ordinal));
        EveryBit(files, (damaged, path, _) =>
        {
            var isWell = !LedgerLayout.IsSegment(path);
            using (var reading = SmallLedger.OpenReadOnly(damaged))
                if (!path.EndsWith("HEAD", StringComparison.Ordinal)) AnswersAreNewestOrRefused(reading, isWell);
            using var ledger = SmallLedger.Open(damaged);
            AnswersAreNewestOrRefused(ledger, isWell);
        });
    }

    static void AnswersAreNewestOrRefused(Ledger ledger, bool isWell)
    {
        foreach (var name in Cells)
        {
            var write = Appends.SelectMany(append => append.Cells).LastOrDefault(cell => cell.Cell == name);
            try
            {
                var found = SmallLedger.Now(ledger.ReadCellAsync(name.Bucket, name.Name));
                Assert.Equal(write is { IsDelete: false } ? Convert.ToHexString(write.Value.Span) : null, found is null ? null : Convert.ToHexString(found.Value.Span));
            }
            catch (LedgerDamagedException)
            {
                Assert.False(isWell);
                Assert.NotEmpty(ledger.Damage);
            }
        }

        foreach (var append in Appends.Where(append => append.AppendId is not null))
        {
            try
            {
                var receipt = SmallLedger.Now(ledger.FindAppendAsync(append.AppendId!));
                Assert.Equal(append.Cells.Select(cell => cell.Cell), receipt!.CellVersions.Select(one => one.Cell));
            }
            catch (LedgerDamagedException)
            {
                Assert.False(isWell);
                Assert.NotEmpty(ledger.Damage);
            }
        }

        if (isWell) Assert.Empty(ledger.Damage);
    }

    static MemoryFileSystem Write(bool closes)
    {
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files, SmallLedger.Begin);
        var ledger = SmallLedger.Open(options);
        foreach (var append in Appends)
        {
            ((ManualTimeProvider)options.TimeProvider).Advance(TimeSpan.FromSeconds(1));
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(append)));
        }

        var killed = files.Clone();
        ledger.Dispose();
        return closes ? files : killed;
    }

    static void EveryBitOf(MemoryFileSystem files)
    {
        var given = new Given(files);
        given.Check(files.Clone(), damagedAt: null);
        EveryBit(files, (damaged, path, at) => given.Check(damaged, (path, at)));
    }

    static void EveryBit(MemoryFileSystem files, Action<MemoryFileSystem, string, long> check)
    {
        var wrong = new ConcurrentQueue<string>();
        foreach (var path in files.Paths)
        {
            Parallel.For(0, (files.LastWrittenByte(path) + 1) * 8, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (bit, loop) =>
            {
                var damaged = files.Clone();
                damaged.FlipBit(path, bit);
                try
                {
                    check(damaged, path, bit / 8);
                }
                catch (Exception exception)
                {
                    wrong.Enqueue($"{path}, byte {bit / 8}, bit {bit % 8}: {exception}");
                    if (wrong.Count > 5) loop.Stop();
                }
            });
        }

        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong));
    }

    sealed class Given
    {
        readonly Dictionary<string, SegmentMap> _maps = [];
        readonly Dictionary<string, long> _liveEnds = [];
        readonly List<(string Path, FrameExtent Frame)> _frames = [];

        public Given(MemoryFileSystem files)
        {
            var manifest = new ManifestFile(files, new LedgerLayout(SmallLedger.Root)).Read()!;
            for (var i = 0; i < manifest.Segments.Count; i++)
            {
                var path = $"{SmallLedger.Root}/segments/{manifest.Segments[i].Name}";
                _maps.Add(path, SegmentMap.Of(files, path));
                _liveEnds.Add(path, manifest.EndOf(i) ?? _maps[path].End);
                _frames.AddRange(_maps[path].Frames.Where(frame => frame.Start < _liveEnds[path] && frame.Kind == FrameKind.Batch).Select(frame => (path, frame)));
            }

            Assert.Equal(Appends.Length, _frames.Count);
        }

        public void Check(MemoryFileSystem files, (string Path, long At)? damagedAt)
        {
            var isInLog = damagedAt is { } damage && _liveEnds.TryGetValue(damage.Path, out var end) && damage.At < end;
            var lost = isInLog && damagedAt!.Value.At >= SegmentHeader.Bytes ? Lost(damagedAt.Value.Path, damagedAt.Value.At) : new Lost();

            using (var reading = SmallLedger.OpenReadOnly(files))
            {
                Assert.Equal(isInLog, reading.Damage.Count > 0);
                if (damagedAt?.Path.EndsWith("HEAD", StringComparison.Ordinal) != true) Ask(reading, lost); // an older slot shows what was so then
            }

            using var ledger = SmallLedger.Open(files);
            Assert.Equal(isInLog, ledger.Damage.Count > 0);
            if (lost.Named is { } named) Assert.Contains(ledger.Damage, one => one.File == damagedAt!.Value.Path && one.FileOffset == named.Start && one.What.Contains($"{named.Name} v{named.Version}", StringComparison.Ordinal));
            Ask(ledger, lost);
            var outcome = () => SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put("b", "x", "3")] }));
            if (isInLog) Assert.Throws<LedgerDamagedException>(outcome);
            else Assert.Equal(3, Assert.IsType<AppendOutcome.Committed>(outcome()).Receipt.CellVersions[0].Version.Value);
        }

        Lost Lost(string path, long at)
        {
            var number = _frames.FindIndex(one => one.Path == path && one.Frame.Start <= at && at < one.Frame.End);
            if (number < 0) return new Lost(); // the mark at the end
            var frame = _frames[number].Frame;
            if (_maps[path].CellAt(at) is { } cell)
                return at < cell.ValueStart ? new Lost { Frame = number, CellAlone = cell.Name, IsDoubt = true } : new Lost { Frame = number, CellAlone = cell.Name, Named = cell };
            var firstPart = frame.Facts.Count > 0 ? frame.Facts[0].Start : frame.Cells[0].Start;
            return at < firstPart ? new Lost { Frame = number, IsDoubt = true, IsWholeFrame = true } : new Lost { Frame = number };
        }

        static void Ask(Ledger ledger, Lost lost)
        {
            foreach (var name in Cells)
            {
                var newest = Array.FindLastIndex(Appends, append => append.Cells.Any(cell => cell.Cell == name));
                var write = newest < 0 ? null : Appends[newest].Cells.First(cell => cell.Cell == name);
                var version = Appends.Count(append => append.Cells.Any(cell => cell.Cell == name));
                var isCertain = !lost.IsDoubt || newest > lost.Frame || (newest == lost.Frame && !lost.IsWholeFrame && lost.CellAlone != name);
                var isReadable = isCertain && !(lost.Named is not null && lost.CellAlone == name && newest == lost.Frame && write is { IsDelete: false });
                try
                {
                    var found = SmallLedger.Now(ledger.ReadCellAsync(name.Bucket, name.Name));
                    Assert.True(isReadable, $"{name} was answered");
                    Assert.Equal(write is { IsDelete: false } ? (version, Convert.ToHexString(write.Value.Span)) : default, found is null ? default : (found.Version.Value, Convert.ToHexString(found.Value.Span)));
                    if (found is not null) Assert.Equal(SmallLedger.Begin.AddSeconds(newest + 1), found.RecordedAt);
                }
                catch (LedgerDamagedException refused)
                {
                    Assert.NotEmpty(refused.Damage);
                    Assert.False(isReadable, $"{name} could have been answered: {refused.Message}");
                }
            }

            foreach (var (bucket, expected) in new[] { ("b", "x y"), ("c", "w"), ("d", "") })
            {
                try
                {
                    Assert.Equal(expected, string.Join(' ', ledger.ListCellNamesAsync(bucket).ToBlockingEnumerable().Select(cell => cell.Name)));
                    Assert.False(lost.IsDoubt);
                }
                catch (LedgerDamagedException)
                {
                    Assert.True(lost.IsDoubt);
                }
            }

            for (var i = 0; i < Appends.Length; i++)
            {
                if (Appends[i].AppendId is not { } id) continue;
                try
                {
                    var receipt = SmallLedger.Now(ledger.FindAppendAsync(id));
                    Assert.Equal(Appends[i].Cells.Select(cell => cell.Cell), receipt!.CellVersions.Select(one => one.Cell));
                    Assert.Equal((Appends[i].Facts.Count, SmallLedger.Begin.AddSeconds(i + 1)), ((int)receipt.Count, receipt.RecordedAt));
                }
                catch (LedgerDamagedException)
                {
                    Assert.Equal(i, lost.Frame);
                }
            }
        }
    }

    /// <summary>What a flip costs.</summary>
    sealed record Lost
    {
        /// <summary>The append that the flip damages.</summary>
        public int Frame { get; init; } = -1;

        /// <summary>The damaged cell, if only one is.</summary>
        public CellName? CellAlone { get; init; }

        /// <summary>The write whose value is damaged, and which the report must name.</summary>
        public CellInFrame? Named { get; init; }

        /// <summary>Whether the names of the cells written there are unknown.</summary>
        public bool IsDoubt { get; init; }

        /// <summary>Whether that applies to all cells of the append.</summary>
        public bool IsWholeFrame { get; init; }
    }
}
