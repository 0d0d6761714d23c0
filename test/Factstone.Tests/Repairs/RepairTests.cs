using System.Text.Json;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>The effect of a repair on each kind of damage, and the guarantees of the repaired ledger.</summary>
public sealed class RepairTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Without_damage_nothing_is_changed()
    {
        foreach (var files in (MemoryFileSystem[])[SmallLedger.ClosedCleanly(), SmallLedger.Killed(), SmallLedger.Recovered(), SmallLedger.Rolled()])
        {
            var before = Repair.Bytes(files);

            var report = Repair.Run(files);

            Assert.False(report.WasDamaged);
            Assert.Equal((1, 1, Position.None), (report.EpochBefore, report.Epoch, report.Receipt));
            Assert.Equal(before, Repair.Bytes(files));
        }
    }

    [Fact]
    public void A_dry_run_says_the_same_and_changes_nothing()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(6));
        var before = Repair.Bytes(files);

        var dry = Repair.Run(files, isDryRun: true);

        Assert.Equal(before, Repair.Bytes(files));
        var report = Repair.Run(files);
        Assert.Equal(Describe(dry), Describe(report with { IsDryRun = true, Receipt = Position.None }));
    }

    [Fact]
    public async Task The_receipt_says_what_the_report_says()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(6));

        var report = Repair.Run(files);

        using var ledger = SmallLedger.Open(files);
        var receipt = Assert.Single(Repair.Stream(ledger, "$receipts/repair"));
        Assert.Equal((report.Receipt, "repaired"), (receipt.Position, receipt.Type));
        Assert.Equal(Repair.Now, receipt.RecordedAt);
        using var said = JsonDocument.Parse(receipt.Json!);
        Assert.Equal((1, 2, 5, 11, 1), (Number("epochBefore"), Number("epoch"), Number("lastCommonPosition"), Number("factsLeft"), Number("factsLost")));
        Assert.Equal("""[{"first":6,"last":6}]""", said.RootElement.GetProperty("lost").GetRawText());
        Assert.Equal("""[{"position":6,"store":"orders","key":"2","version":2}]""", said.RootElement.GetProperty("knownLost").GetRawText());
        Assert.Equal("""[{"first":5,"last":8}]""", said.RootElement.GetProperty("incompleteAppends").GetRawText());
        Assert.Equal("quarantine/damaged/00000000000000000001.000001.log", Assert.Single(said.RootElement.GetProperty("quarantined").EnumerateArray()).GetString());
        Assert.StartsWith("segments/", said.RootElement.GetProperty("damage")[0].GetProperty("file").GetString(), StringComparison.Ordinal);

        // Factstone's own facts are returned only to reads that name them.
        Assert.DoesNotContain(Repair.All(ledger), fact => fact.Position == receipt.Position);
        Assert.NotNull(await ledger.ReadAtAsync(receipt.Position, Cancellation));
        Assert.NotNull(await ledger.ReadLatestAsync("$receipts/repair", cancellationToken: Cancellation));
        Assert.DoesNotContain("$receipts", ledger.ListStoresAsync(Cancellation).ToBlockingEnumerable(Cancellation).Select(store => store.Store));
        Assert.Equal("repair", Assert.Single(ledger.ListStreamsAsync("$receipts", cancellationToken: Cancellation).ToBlockingEnumerable(Cancellation)).Stream.Key);
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.AppendAsync(NewFact.WithoutPayload("$receipts/repair", "forged"), Cancellation));

        long Number(string name) => said.RootElement.GetProperty(name).GetInt64();
    }

    // The last fact of orders/2 is lost, and it had version 3. The next fact must not get that version, because a reader has seen it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_version_that_was_lost_is_never_given_again(bool isHeaderLost)
    {
        var files = Damaged(SmallLedger.ClosedCleanly(), new Position(12), isHeaderLost);

        var report = Repair.Run(files);

        Assert.Equal(isHeaderLost ? 0 : 1, report.KnownLost.Count);
        using (var ledger = SmallLedger.Open(files))
        {
            Assert.Equal(isHeaderLost ? 2 : 3, SmallLedger.Now(ledger.GetVersionAsync("orders/2", cancellationToken: Cancellation)).Value);
            var other = isHeaderLost ? 2 : 1;
            Assert.Equal(4, Version(ledger, "orders/2"));
            Assert.Equal(5, Version(ledger, "orders/2"));
            Assert.Equal(isHeaderLost ? 2 : 1, Version(ledger, "orders/new"));
            Assert.Equal(other + 1, Version(ledger, "orders/new"));
            Assert.Equal([1, 2, 4, 5], Repair.Stream(ledger, "orders/2").Select(fact => fact.StreamVersion.Value));
            Assert.Equal([5, 4, 2, 1], Repair.Stream(ledger, "orders/2", backward: true).Select(fact => fact.StreamVersion.Value));
        }

        using var again = SmallLedger.Open(files);
        Assert.Equal(6, Version(again, "orders/2"));
        again.Dispose();
        var verified = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancellation);
        Assert.Empty(verified.Damage);
        Assert.InRange(verified.RunsCompared!.Value, 1, 10); // also where facts are gone for good, it is known what a run has to say
    }

    [Fact]
    public void A_record_whose_last_fact_is_lost_has_the_value_that_is_left()
    {
        var files = Damaged(SmallLedger.ClosedCleanly(), new Position(10));
        Repair.Run(files);

        using var ledger = SmallLedger.Open(files);

        Assert.Equal("\"x\"", SmallLedger.Now(ledger.ReadLatestAsync("orders/1", cancellationToken: Cancellation))!.Json);
        Assert.Equal(4, SmallLedger.Now(ledger.GetVersionAsync("orders/1", cancellationToken: Cancellation)).Value);
        Assert.IsType<AppendOutcome.Conflict>(Try(ledger, AppendCondition.StreamAt("orders/1", 3)));
        Assert.IsType<AppendOutcome.Committed>(Try(ledger, AppendCondition.StreamAt("orders/1", 4)));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(11)]
    public void An_append_that_lost_a_fact_is_still_known_by_its_id(long position)
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(position));

        var report = Repair.Run(files);

        var incomplete = Assert.Single(report.IncompleteAppends);
        Assert.Equal(("third", "9 to 12"), (incomplete.AppendId, incomplete.Positions.ToString()));
        Assert.Empty(report.UnknownAppendIds);
        using var ledger = SmallLedger.Open(files);
        var receipt = SmallLedger.Now(ledger.FindAppendAsync("third", Cancellation))!;
        Assert.Equal((9, 12), (receipt.FirstPosition.Value, receipt.LastPosition.Value));
        Assert.IsType<AppendOutcome.Duplicate>(SmallLedger.Now(ledger.TryAppendAsync(SmallLedger.Third, Cancellation)));
        Assert.IsType<AppendOutcome.AppendIdReused>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("a/b", "c")) { AppendId = "third" }, Cancellation)));
    }

    [Fact]
    public void An_append_that_lost_all_its_facts_is_still_known_by_its_id()
    {
        var files = SmallLedger.Recovered();
        for (var position = 9; position <= 12; position++) Repair.DamageFact(files, new Position(position), isHeaderLost: true);

        Assert.Equal([9, 10, 11, 12], Repair.Positions(Repair.Run(files).Lost));

        using var ledger = SmallLedger.Open(files);
        Assert.IsType<AppendOutcome.Duplicate>(SmallLedger.Now(ledger.TryAppendAsync(SmallLedger.Third, Cancellation)));
    }

    [Fact]
    public void Where_the_header_of_a_frame_is_lost_its_facts_are_kept_and_its_id_is_not()
    {
        var files = SmallLedger.Recovered();
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        files.FlipBit(last, (SegmentHeader.Bytes + 5) * 8);

        var report = Repair.Run(files);

        Assert.Empty(report.Lost);
        Assert.Equal([9, 10, 11, 12], Repair.Positions(report.UnknownAppendIds));
        Assert.Equal((2, 12), (report.Epoch, report.LastCommonPosition.Value));
        using var ledger = SmallLedger.Open(files);
        Assert.Null(SmallLedger.Now(ledger.FindAppendAsync("third", Cancellation)));
        Assert.Equal(4, Repair.All(ledger).Count(fact => fact.RecordedAt == Repair.All(ledger)[^1].RecordedAt));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_segment_whose_file_is_gone_is_covered_and_the_others_are_kept(bool isFirst, bool losesManifest)
    {
        var files = SmallLedger.Recovered();
        var segments = files.Paths.Where(LedgerLayout.IsSegment).ToList();
        files.Delete(isFirst ? segments[0] : segments[^1]);
        if (losesManifest) files.Delete($"{SmallLedger.Root}/MANIFEST");

        var report = Repair.Run(files);

        Assert.Equal(isFirst ? [1, 2, 3, 4, 5, 6, 7, 8] : [9, 10, 11, 12], Repair.Positions(report.Lost));
        Assert.Equal(2, report.Epoch);
        for (var i = 0; i < 2; i++)
        {
            using var ledger = SmallLedger.Open(files);
            Assert.Empty(ledger.Damage);
            Assert.Equal(isFirst ? 4 : 8, Repair.All(ledger).Count(fact => fact.Position.Value <= 12));
            Assert.Equal(14 + i, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            files.Delete($"{SmallLedger.Root}/MANIFEST"); // which can be made again from what the repair wrote
        }

        Assert.False(Repair.Run(files).WasDamaged);
    }

    [Fact]
    public void Without_manifest_head_tells_of_a_last_segment_that_is_gone()
    {
        var files = SmallLedger.Rolled();
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        var lost = SegmentMap.Of(files, last).Frames.SelectMany(frame => frame.Facts).Select(fact => fact.Position.Value).ToArray();
        files.Delete(last);
        files.Delete($"{SmallLedger.Root}/MANIFEST");

        Assert.Equal(lost, Repair.Positions(Repair.Run(files).Lost));

        using var ledger = SmallLedger.Open(files);
        Assert.Empty(ledger.Damage);
        Assert.Equal(42 - lost.Length, Repair.All(ledger).Count);
        Assert.Equal(44, SmallLedger.AppendOne(ledger).FirstPosition.Value);
    }

    [Fact]
    public void Without_manifest_what_is_left_before_a_missing_segment_is_kept()
    {
        var files = SmallLedger.Rolled();
        var segments = files.Paths.Where(LedgerLayout.IsSegment).ToList();
        Assert.True(segments.Count >= 3);
        var map = SegmentMap.Of(files, segments[1]);
        var lost = map.Frames.SelectMany(frame => frame.Facts).Select(fact => fact.Position.Value).ToArray();
        files.Delete(segments[1]);
        files.Delete($"{SmallLedger.Root}/MANIFEST");

        var report = Repair.Run(files);

        Assert.Equal(lost, Repair.Positions(report.Lost));
        using var ledger = SmallLedger.Open(files);
        Assert.Empty(ledger.Damage);
        Assert.Equal(42 - lost.Length, Repair.All(ledger).Count);
    }

    // The content of the file is unknown, so every position that it has room for may have been assigned.
    [Fact]
    public void Without_manifest_a_last_segment_that_cannot_be_read_costs_all_that_it_can_have_held()
    {
        var files = SmallLedger.Recovered();
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        files.FlipBit(last, 100);
        files.Delete($"{SmallLedger.Root}/MANIFEST");
        files.Delete($"{SmallLedger.Root}/HEAD");

        var report = Repair.Run(files);

        var lost = Repair.Positions(report.Lost);
        Assert.Equal([9, 10, 11, 12], lost.Take(4));
        using var ledger = SmallLedger.Open(files);
        Assert.Empty(ledger.Damage);
        Assert.Equal(8, Repair.All(ledger).Count);
        Assert.Equal(lost[^1] + 2, SmallLedger.AppendOne(ledger).FirstPosition.Value);
        Assert.Contains($"{SmallLedger.Root}/quarantine/damaged/{FileNames.NameOf(last)}", files.Paths);
    }

    [Fact]
    public void A_ledger_of_which_nothing_says_what_it_is_cannot_be_repaired()
    {
        var files = SmallLedger.ClosedCleanly();
        files.FlipBit(SmallLedger.OnlySegment(files), 100);
        files.Delete($"{SmallLedger.Root}/MANIFEST");
        var before = Repair.Bytes(files);

        Assert.Throws<LedgerDamagedException>(() => Repair.Run(files));

        Assert.Equal(before, Repair.Bytes(files));
    }

    [Fact]
    public void What_was_repaired_once_can_be_repaired_again()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(3), isHeaderLost: true);
        Repair.Run(files);
        using (var ledger = SmallLedger.Open(files)) SmallLedger.AppendOne(ledger);
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.DamageFact(files, new Position(14), isHeaderLost: false);

        var report = Repair.Run(files);

        Assert.Equal([6, 14], Repair.Positions(report.Lost));
        Assert.Equal((2, 3, 5), (report.EpochBefore, report.Epoch, report.LastCommonPosition.Value));
        Assert.Equal(14 - 3, report.FactsLeft);
        for (var i = 0; i < 2; i++)
        {
            using (var ledger = SmallLedger.Open(files))
            {
                Assert.Empty(ledger.Damage);
                Assert.Equal([1, 2, 4, 5, 7, 8, 9, 10, 11, 12], Repair.All(ledger).Select(fact => fact.Position.Value));
                Assert.Equal(2, Repair.Stream(ledger, "$receipts/repair").Count);
                Assert.Equal(14 - 3 + 1, ledger.Storage.Statistics().Facts);
                Assert.Equal(2, Forked(ledger, 1, 12));
                Assert.Equal(5, Forked(ledger, 2, 12));
            }

            files.Delete($"{SmallLedger.Root}/MANIFEST");
        }
    }

    [Fact]
    public void A_cursor_from_before_a_loss_goes_on_from_where_nothing_was_lost()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(6));
        LedgerId id;
        using (var damaged = SmallLedger.Open(files))
        {
            id = damaged.Id;
            Assert.Equal(8, damaged.Resolve(damaged.CursorAt(new Position(8))).Value);
            Assert.Throws<ArgumentOutOfRangeException>(() => damaged.Resolve(damaged.CursorAt(new Position(13))));
        }

        Repair.Run(files);

        using var ledger = SmallLedger.Open(files);
        Assert.Equal(5, ledger.Resolve(new LedgerCursor(id, 1, new Position(5))).Value);
        Assert.Equal(5, Forked(ledger, 1, 6));
        Assert.Equal(5, Forked(ledger, 1, 12));
        Assert.Equal(12, ledger.Resolve(new LedgerCursor(id, 2, new Position(12))).Value);
        Assert.Equal(0, Forked(ledger, 3, 1));
        Assert.Throws<ArgumentException>(() => ledger.Resolve(new LedgerCursor(new LedgerId(Guid.NewGuid()), 1, new Position(1))));
    }

    [Fact]
    public void A_reader_that_was_open_before_a_loss_is_told()
    {
        var files = SmallLedger.Recovered();
        using var reader = SmallLedger.OpenReadOnly(files);
        Assert.Equal(12, SmallLedger.Now(reader.GetHeadAsync(Cancellation)).Value);
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);

        Repair.Run(files);

        var told = Assert.Throws<LedgerForkedException>(() => SmallLedger.Now(reader.GetHeadAsync(Cancellation)));
        Assert.Equal((2, 5), (told.Epoch, told.LastCommonPosition.Value));
    }

    [Fact]
    public void A_reader_goes_on_after_a_repair_that_lost_nothing()
    {
        var files = SmallLedger.Recovered();
        using var reader = SmallLedger.OpenReadOnly(files);
        files.FlipBit(files.Paths.First(LedgerLayout.IsSegment), 100);

        Assert.Empty(Repair.Run(files).Lost);
        using (var ledger = SmallLedger.Open(files)) SmallLedger.AppendOne(ledger);

        Assert.Equal(14, SmallLedger.Now(reader.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(13, Repair.All(reader).Count);
    }

    [Fact]
    public void The_index_goes_since_it_says_where_facts_were()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(6));
        files.CreateDirectory($"{SmallLedger.Root}/index");
        files.Replace($"{SmallLedger.Root}/index/00000000000000000001-00000000000000000008.run", [1, 2, 3]);

        Repair.Run(files);

        Assert.DoesNotContain(files.Paths, path => path.Contains("/index/", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_has_it_open_is_waited_for()
    {
        var files = SmallLedger.ClosedCleanly();
        using var ledger = SmallLedger.Open(files);
        Assert.Throws<LedgerLockedException>(() => Repair.Run(files));
    }

    [Fact]
    public void A_damaged_ledger_in_which_a_crash_has_torn_the_end_is_repaired_at_once()
    {
        var files = Damaged(SmallLedger.Recovered(), new Position(2));
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        var map = SegmentMap.Of(files, last);
        var torn = files.ReadAll(last);
        files.Replace(last, [.. torn.AsSpan(0, (int)map.End), 0xC7, 0xFA, 1, 2, 3], 64 * 1_024);
        files.Delete($"{SmallLedger.Root}/HEAD");

        var report = Repair.Run(files);

        Assert.Equal([2], Repair.Positions(report.Lost));
        using var again = SmallLedger.Open(files);
        Assert.Empty(again.Damage);
        Assert.Equal(11, Repair.All(again).Count);
        Assert.Contains(files.Paths, path => path.EndsWith(".torn", StringComparison.Ordinal));
    }

    static long Forked(Ledger ledger, long epoch, long position) =>
        Assert.Throws<LedgerForkedException>(() => ledger.Resolve(new LedgerCursor(ledger.Id, epoch, new Position(position)))).LastCommonPosition.Value;

    static AppendOutcome Try(Ledger ledger, AppendCondition condition) =>
        SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/9", "placed", "9")) { Conditions = [condition] }, Cancellation));

    static long Version(Ledger ledger, StreamName stream) =>
        Repair.Append(ledger, new AppendRequest(new NewFact(stream, "next", "1"))).Versions.Single().Version.Value;

    static string Describe(RepairReport report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            RepairReceipt.WriteFields(json, report, SmallLedger.Root);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    static MemoryFileSystem Damaged(MemoryFileSystem files, Position position, bool isHeaderLost = false)
    {
        Repair.DamageFact(files, position, isHeaderLost);
        return files;
    }
}
