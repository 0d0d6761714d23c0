using System.Buffers.Binary;
using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>A deep verify finds every difference between a run and the log, and reports nothing for correct runs.</summary>
public sealed class RunVerificationTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Runs_and_merged_runs_are_as_the_log_says(int memoryFactsMax)
    {
        var files = new MemoryFileSystem();
        var random = new Random(memoryFactsMax);
        for (var session = 0; session < 3; session++)
        {
            using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax });
            for (var i = 0; i < 150; i++) Append(ledger, Draw(random, (session * 1_000) + i));
        }

        var steps = new List<VerifyProgress>();
        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, steps.Add, Cancel);
        Assert.Empty(report.Damage);
        Assert.Equal(RunsOf(files).Count, report.RunsCompared);
        Assert.Contains(steps, step => step.IsOfIndex);
        Assert.Null(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, Cancel).RunsCompared);

        // Verify again, in pieces of the log that are smaller than the runs.
        using var storage = FileStorage.OpenReadOnly(files, SmallLedger.Root, new StorageOptions { MemoryFactsMax = 5, PreallocationBytesMax = 0 });
        var pieces = 0;
        var (compared, damage, _) = storage.VerifyRuns(storage.Runs(), _ => pieces++);
        Assert.Empty(damage);
        Assert.Equal(report.RunsCompared, compared);
        Assert.InRange(pieces, report.Facts / 20, report.Facts);
    }

    [Fact]
    public void Runs_over_a_recovered_log_and_over_several_segments_are_as_the_log_says()
    {
        foreach (var files in (MemoryFileSystem[])[SmallLedger.ClosedCleanly(), SmallLedger.Recovered(), SmallLedger.Rolled(), Reopened(SmallLedger.Killed()), Reopened(SmallLedger.KilledWithTwoAppendsInOneWrite())])
        {
            var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
            Assert.Empty(report.Damage);
            Assert.InRange(report.RunsCompared!.Value, 1, 10);
        }
    }

    [Fact]
    public void A_merge_that_drops_a_list_is_found()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 4, Defect = Defect.MergeDropsList }))
        {
            // Each append has its own stream, because a second append to a stream would be refused for a wrong head.
            for (var i = 0; i < 100; i++) Append(ledger, new AppendRequest(new NewFact($"orders/{i}", "type", "1") { Tags = ["tag"] }));
        }

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
        Assert.NotEmpty(report.Damage);
        Assert.All(report.Damage, one => Assert.EndsWith(".run", one.File, StringComparison.Ordinal));
        Assert.Contains(report.Damage, one => one.What.Contains("the tag tag has", StringComparison.Ordinal));
        Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, Cancel).Damage);

        // Without the index, the run is rebuilt correctly.
        Assert.Empty(StorageEngine.Verify(Reopened(SmallLedger.WithoutIndex(files)), SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel).Damage);
    }

    public static TheoryData<string, string> Lies => new()
    {
        { nameof(Lie.Offset), "the fact is at offset" },
        { nameof(Lie.Offset), "the stream orders/2 has version 1 at position 2, offset" },
        { nameof(Lie.Retracts), "which retracts in it" },
        { nameof(Lie.Version), "in it" },
        { nameof(Lie.Stream), "the stream orders/2" },
        { nameof(Lie.Type), "the type placed" },
        { nameof(Lie.MoreTags), "its lists of the kind 4 have" },
        { nameof(Lie.FewerTags), "the tag vip" },
        { nameof(Lie.FewerAppends), "the append 'a2'" },
        { nameof(Lie.MoreAppends), "append ids" },
        { nameof(Lie.OtherAppend), "the append 'a2'" },
        { nameof(Lie.FewerCells), "the cell b/n1 has version 1, and 0 in it" },
        { nameof(Lie.OlderCell), "the cell b/n0 has version 2, and 1 in it" },
        { nameof(Lie.NewerCell), "cells, of which" },
        { nameof(Lie.DeletedCell), "the cell b/n1 v1 has another location or state in it" },
        { nameof(Lie.Time), "was recorded at" },
        { nameof(Lie.OneTime), "it says that all from position 1 on was recorded at" },
        { nameof(Lie.LastTime), "the last append before its end was recorded" },
        { nameof(Lie.End), "after its end" },
    };

    [Theory]
    [MemberData(nameof(Lies), DisableDiscoveryEnumeration = true)]
    public void Whatever_a_run_says_that_the_log_does_not_is_named(string lie, string saying)
    {
        var files = Forged(Enum.Parse<Lie>(lie));
        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
        Assert.Contains(report.Damage, one => one.File == Assert.Single(RunsOf(files)) && one.What.Contains(saying, StringComparison.Ordinal));
    }

    // A control for the forged runs above: the same run without a lie passes.
    [Fact]
    public void A_run_that_was_made_by_hand_and_is_right_is_found_right()
    {
        var report = StorageEngine.Verify(Forged(Lie.None), SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
        Assert.Empty(report.Damage);
        Assert.Equal(1, report.RunsCompared);
    }

    [Fact]
    public void Each_flipped_byte_of_a_run_is_named_by_its_block_or_makes_the_run_none()
    {
        var files = Forged(Lie.None);
        var path = Assert.Single(RunsOf(files));
        var whole = files.ReadWhole(path);
        for (var at = 0; at < whole.Length; at += 7)
        {
            var content = (byte[])whole.Clone();
            content[at] ^= 0x10;
            files.Replace(path, content, content.Length);
            var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
            Assert.Equal(0, report.RunsCompared);
            Assert.Empty(report.Damage);
            var named = Assert.Single(report.Remade).What;
            if (!named.Contains("is incomplete", StringComparison.Ordinal)) Assert.Contains($"Block {at / RunFormat.BlockBytes} ", named, StringComparison.Ordinal);
            else Assert.True(at >= whole.Length - RunFooter.Bytes - (RunFormat.BlocksIn(whole.Length) * sizeof(uint)) || IsSegmentRow(whole, at));
        }
    }

    [Fact]
    public void A_run_of_which_the_log_is_damaged_is_not_compared()
    {
        var files = SmallLedger.ClosedCleanly();
        var segment = SmallLedger.OnlySegment(files);
        var bytes = files.ReadAll(segment);
        bytes[SegmentHeader.Bytes + 200] ^= 1;
        files.Replace(segment, bytes, bytes.Length);
        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
        Assert.NotEmpty(report.Damage);
        Assert.All(report.Damage, one => Assert.Equal(segment, one.File));
        Assert.Equal(0, report.RunsCompared);
    }

    [Theory]
    [InlineData(true, "its fence says")]
    [InlineData(false, "has another location")]
    public void A_fence_or_a_slot_that_says_something_else_than_the_rows_and_lists_is_named(bool isFence, string saying)
    {
        var files = Forged(Lie.None);
        var path = Assert.Single(RunsOf(files));
        var bytes = files.ReadWhole(path);
        var footer = RunFooter.Read(bytes.AsSpan(^RunFooter.Bytes..))!;
        var slot = Enumerable.Range(0, (int)footer.StreamBucketCount).Select(bucket => footer.StreamBuckets.BucketAt(bucket)).First(at => bytes[at + RunFormat.BucketCountAt] > 0);
        bytes[isFence ? footer.TimeFencesAt : slot + BucketShape.OfStreams.SlotBytes - sizeof(uint)] ^= 8;

        // The checksums are recomputed, so the file itself is not damaged.
        for (var block = 0; block < RunFormat.BlocksIn(footer.ChecksumsAt); block++)
        {
            var start = block * RunFormat.BlockBytes;
            var end = Math.Min(start + RunFormat.BlockBytes, (int)footer.ChecksumsAt);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)footer.ChecksumsAt + (block * sizeof(uint))), Crc32C.Of(bytes.AsSpan(start..end)));
        }

        (footer with { ChecksumsChecksum = Crc32C.Of(bytes.AsSpan((int)footer.ChecksumsAt..^RunFooter.Bytes)) }).Write(bytes.AsSpan(^RunFooter.Bytes..));
        files.Replace(path, bytes, bytes.Length);
        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel);
        Assert.Contains(saying, Assert.Single(report.Damage).What, StringComparison.Ordinal);
    }

    enum Lie { None, Offset, Retracts, Version, Stream, Type, MoreTags, FewerTags, FewerAppends, MoreAppends, OtherAppend, FewerCells, OlderCell, NewerCell, DeletedCell, Time, OneTime, LastTime, End }

    /// <summary>A closed ledger of six facts. Its only run is rewritten with a lie in it.</summary>
    static MemoryFileSystem Forged(Lie lie)
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files))
        {
            Append(ledger, new AppendRequest(new NewFact("orders/1", "placed", "1") { Tags = ["vip"] }) { Cells = [NewCell.Put("b", "n0", "0"), NewCell.Put("b", "n1", "1")] });
            Append(ledger, new AppendRequest(new NewFact("orders/2", "placed", "2"), new NewFact("orders/1", null, "3")) { AppendId = "a2" });
            Append(ledger, new AppendRequest(NewFact.Retraction("orders/2")) { AppendId = "a3", Cells = [NewCell.Put("b", "n0", "00")] });
            Append(ledger, new AppendRequest(new NewFact("tasks/1", "made", "5") { Tags = ["vip"] }));
            Append(ledger, new AppendRequest(new NewFact("tasks/1", "made", "6")));
        }

        var path = Assert.Single(RunsOf(files));
        using var storage = FileStorage.OpenReadOnly(files, SmallLedger.Root, new StorageOptions { PreallocationBytesMax = 0, MapsFiles = false });
        var footer = Assert.Single(storage.Runs()).Footer;
        var part = new MemoryPart(new Position(1));
        foreach (var fact in storage.Read(new Position(1), storage.Head.Position, backward: false))
        {
            storage.Index.TryFind(fact.Position, out var segment, out var fileOffset);
            var isSecond = fact.Position.Value == 2;
            var stream = isSecond && lie == Lie.Stream ? "orders/3" : fact.Stream;
            string[] tags = lie == Lie.MoreTags && isSecond ? ["more"] : lie == Lie.FewerTags ? [] : [.. fact.Tags];
            part.Add(
                segment,
                fileOffset + (isSecond && lie == Lie.Offset ? 8 : 0),
                lie == Lie.OneTime ? footer.FirstTime : fact.RecordedAtMicroseconds + (lie == Lie.Time ? 1 : 0),
                new Location(new StreamVersion(fact.StreamVersion.Value + (lie == Lie.Version && fact.Position.Value == 6 ? 1 : 0)), fact.Position, fact.Retracts || (isSecond && lie == Lie.Retracts)),
                part.FindOrMake(stream.Store, stream.Key),
                isSecond && lie == Lie.Type ? "paid" : fact.Type,
                tags);
        }

        foreach (var id in (string[])["a2", "a3"])
            if (lie != Lie.FewerAppends || id != "a2") part.AddAppend(id, storage.Index.FindAppend(id)!.Value with { Span = lie == Lie.OtherAppend ? new AppendSpan(new Position(1), 1) : storage.Index.FindAppend(id)!.Value.Span });
        if (lie == Lie.MoreAppends) part.AddAppend("more", new IndexedAppend(new AppendSpan(new Position(1), 1), default));
        foreach (var name in (string[])["n0", "n1"])
        {
            var entry = storage.Index.FindCell(new CellName("b", name)).Entry!;
            if (lie == Lie.FewerCells && name == "n1") continue;
            if (lie == Lie.OlderCell && name == "n0") entry = entry with { Version = new CellVersion(1) };
            if (lie == Lie.NewerCell && name == "n0") entry = entry with { Version = new CellVersion(3) };
            if (lie == Lie.DeletedCell && name == "n1") entry = entry with { IsDeleted = true };
            part.AddCell(new CellName("b", name), entry);
        }

        storage.Index.TryFind(new Position(6), out var last, out var lastOffset);
        var end = lie == Lie.End ? last.LocationOf(lastOffset - 48) : footer.End;
        part.Complete(end, footer.LastTime + (lie == Lie.LastTime ? 1 : 0));

        var forged = new MemoryFileSystem();
        forged.CreateDirectory("forged");
        using (var file = forged.Open("forged/run", FileOpening.CreateNew)) MemoryRun.Write(part, file, LogMark.Read(last, end.FileOffset)!.Value, footer.LedgerId, footer.Epoch);
        var content = forged.ReadWhole("forged/run");
        files.Replace(path, content, content.Length);
        return files;
    }

    /// <summary>An open checks these rows at once, and rejects a run in which they are wrong.</summary>
    static bool IsSegmentRow(byte[] run, int at)
    {
        var footer = RunFooter.Read(run.AsSpan(run.Length - RunFooter.Bytes))!;
        return at / RunFormat.BlockBytes == footer.SegmentsAt / RunFormat.BlockBytes;
    }

    static MemoryFileSystem Reopened(MemoryFileSystem files)
    {
        SmallLedger.Open(files).Dispose();
        return files;
    }

    static List<string> RunsOf(MemoryFileSystem files) => [.. files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal))];

    static void Append(Ledger ledger, AppendRequest request) => Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(request, Cancel)));

    static AppendRequest Draw(Random random, int number)
    {
        var facts = new List<NewFact>();
        for (var i = random.Next(0, 5); i > 0; i--)
        {
            var stream = new StreamName(random.Next(2) == 0 ? "orders" : "tasks", random.Next(30).ToString(CultureInfo.InvariantCulture));
            facts.Add(random.Next(6) == 0 ? NewFact.Retraction(stream) : new NewFact(stream, random.Next(3) == 0 ? null : $"type-{random.Next(4)}", "1") { Tags = random.Next(2) == 0 ? [] : [$"tag-{random.Next(5)}", "all"] });
        }

        NewCell[] cells = facts.Count > 0 && random.Next(3) > 0 ? [] : [random.Next(4) == 0 ? NewCell.Delete("b", $"{random.Next(20)}") : NewCell.Put("b", $"{random.Next(20)}", $"{number}")];
        return new AppendRequest { AppendId = random.Next(2) == 0 ? $"append-{number}" : null, Facts = facts, Cells = cells };
    }
}
