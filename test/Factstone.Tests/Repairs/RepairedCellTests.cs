using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>
/// Flips every bit of a ledger of facts and cells, and repairs it. Whole
/// cells are kept. A cell whose value is lost does not return an older one.
/// </summary>
public sealed class RepairedCellTests
{
    static readonly CellName[] Names = [new("s", "both"), new("s", "once"), new("s", "gone"), new("s", "last")];

    [Fact]
    public void Repair_keeps_every_whole_cell()
    {
        var files = Write();
        var path = Assert.Single(files.Paths, LedgerLayout.IsSegment);
        var map = SegmentMap.Of(files, path);
        var writes = map.Frames.SelectMany(frame => frame.Cells).ToList();
        Assert.Equal(6, writes.Count);
        for (var bit = 0L; bit < map.End * 8; bit++)
        {
            var damaged = files.Clone();
            damaged.FlipBit(path, bit);
            try
            {
                Check(damaged, map, writes, bit / 8);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Bit {bit % 8} of byte {bit / 8}: {failure.Message}", failure);
            }
        }
    }

    [Fact]
    public void An_append_of_cells_is_known_after_a_repair_that_cost_it_nothing()
    {
        var files = Write();
        files.FlipBit(Assert.Single(files.Paths, LedgerLayout.IsSegment), 100);

        Assert.Equal(1, Repair.Run(files).Epoch);

        using var ledger = SmallLedger.Open(files);
        foreach (var append in Appends) Assert.IsType<AppendOutcome.Duplicate>(SmallLedger.Now(ledger.TryAppendAsync(append)));
    }

    // The last append of the segment had cells only, and so no position of its own. The repair took it for an append behind the segment: it
    // kept the cells and lost the id.
    [Fact]
    public void The_last_append_of_a_segment_keeps_its_id_where_it_has_cells_only()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files))
        {
            foreach (var append in Appends.Reverse()) Repair.Append(ledger, append);
            Repair.Append(ledger, new AppendRequest { AppendId = "d", Cells = [NewCell.Put("s", "last", "2")] });
        }

        var path = Assert.Single(files.Paths, LedgerLayout.IsSegment);
        files.FlipBit(path, (SegmentMap.Of(files, path).Frames.First(frame => frame.Facts.Count > 0).Facts[0].End - 1) * 8);

        Assert.Single(Repair.Positions(Repair.Run(files).Lost));

        using var again = SmallLedger.Open(files);
        Assert.Equal("s/last v2", Assert.Single(SmallLedger.Now(again.FindAppendAsync("d"))!.CellVersions).ToString());
    }

    static readonly AppendRequest[] Appends =
    [
        new() { AppendId = "a", Facts = [new NewFact("orders/1", "placed", "1")], Cells = [NewCell.Put("s", "both", "1"), NewCell.Put("s", "gone", "1")] },
        new() { AppendId = "b", Cells = [NewCell.Put("s", "both", "2"), NewCell.Put("s", "once", "1")] },
        new() { AppendId = "c", Facts = [new NewFact("orders/1", "paid", "2"), new NewFact("orders/2", "placed", "3")], Cells = [NewCell.Delete("s", "gone"), NewCell.Put("s", "last", "1")] },
    ];

    static MemoryFileSystem Write()
    {
        var files = new MemoryFileSystem();
        using var ledger = SmallLedger.Open(files);
        foreach (var append in Appends) Repair.Append(ledger, append);
        return files;
    }

    static void Check(MemoryFileSystem files, SegmentMap map, List<CellInFrame> writes, long at)
    {
        var hit = map.CellAt(at);
        var isValueHit = hit is not null && at >= hit.ValueStart;
        var lostFact = map.FactAt(at)?.Position.Value ?? 0;
        var isFrameHit = hit is null && lostFact == 0 && map.Frames.FirstOrDefault(frame => frame.Start <= at && at < frame.End) is { Facts.Count: 0, Cells: [var first, ..] } && at < first.Start;

        var report = Repair.Run(files);

        Assert.Equal(lostFact == 0 ? [] : [lostFact], Repair.Positions(report.Lost));
        Assert.Equal(isValueHit ? [$"{hit!.Name} v{hit.Version}"] : [], report.LostCells.Select(cell => $"{cell.Cell} v{cell.Version}"));
        Assert.True(report.MayHaveLostCells || hit is null || isValueHit);
        Assert.True(report.MayHaveLostCells || !isFrameHit);
        Assert.Equal(report.FactsLost > 0 || report.UnknownAppendIds.Count > 0 || report.LostCells.Count > 0 || report.MayHaveLostCells ? 2 : 1, report.Epoch);
        using (var ledger = SmallLedger.Open(files))
        {
            Assert.Empty(ledger.Damage);
            foreach (var name in Names)
            {
                var left = writes.Where(write => write.Name == name && (write != hit || isValueHit)).ToList();
                var expected = left.Count == 0 || left[^1] == hit || name.Name == "gone" && left[^1].Version.Value == 2 ? null : left[^1];
                var cell = SmallLedger.Now(ledger.ReadCellAsync(name.Bucket, name.Name));
                Assert.Equal(expected is null ? null : $"{name} v{expected.Version}", cell?.ToString());
                if (cell is not null) Assert.Equal(name.Name == "both" ? $"{cell.Version}" : "1", cell.Text);
            }

            Repair.Append(ledger, new AppendRequest { Cells = [.. Names.Select(name => NewCell.Put(name.Bucket, name.Name, "new"))] });
            foreach (var name in Names)
            {
                var before = writes.Where(write => write.Name == name && (write != hit || isValueHit)).Select(write => write.Version.Value).DefaultIfEmpty().Max();
                Assert.Equal(before + 1, SmallLedger.Now(ledger.ReadCellAsync(name.Bucket, name.Name))!.Version.Value);
            }
        }

        Assert.False(Repair.Run(files).WasDamaged);
    }
}
