using System.Text.Json;
using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Backups;

/// <summary>The content of a restored ledger, and how consumers learn what it lacks.</summary>
public sealed class RestoreTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(BackupTests.Ledgers), MemberType = typeof(BackupTests))]
    public void A_restored_ledger_is_the_one_of_the_backup_and_goes_on(string kind)
    {
        var files = BackupTests.Of(kind);
        using (var writer = kind == "open" ? SmallLedger.Open(files) : null) Backup.Make(files);
        var report = Backup.Restore(files);

        Assert.Equal(report.Epoch, report.EpochBefore + 1);
        Assert.Equal(report.Receipt, report.LastCommonPosition.Next());
        using var backup = Backup.OpenReadOnly(files, Backup.Root);
        using (var ledger = Backup.Open(files, Backup.Restored))
        {
            Assert.True(ledger.Opening.WasClosedCleanly);
            Assert.Equal((backup.Id, report.Epoch), (ledger.Id, ledger.Epoch));
            Assert.Equal(Backup.Leaves(backup, report.LastCommonPosition), Backup.Leaves(ledger, report.LastCommonPosition));
            Assert.Equal(((FileStorage)backup.Storage).Runs().Count, report.Runs);
            Assert.Equal(report.Receipt.Value + 1, SmallLedger.AppendOne(ledger).FirstPosition.Value);
        }

        var verified = Backup.Verify(files, Backup.Restored);
        Assert.Empty(verified.Damage);
        Assert.Equal((report.Receipt.Value + 1, true), (verified.Head.Value, verified.IsClosedCleanly));
        Assert.Equal(report.Segments, verified.Segments);

        // The manifest contains nothing that the segments do not contain.
        files.Delete($"{Backup.Restored}/MANIFEST");
        using var again = Backup.Open(files, Backup.Restored);
        Assert.True(again.Opening.ManifestWasRebuilt);
        Assert.Equal((report.Epoch, report.Receipt.Value + 1), (again.Epoch, SmallLedger.Now(again.GetHeadAsync(Cancellation)).Value));
    }

    [Fact]
    public void The_receipt_says_from_where_to_where()
    {
        var files = SmallLedger.ClosedCleanly();
        Backup.Make(files);
        Backup.Restore(files);
        using (var ledger = Backup.Open(files, Backup.Restored))
        {
            var receipt = Assert.Single(Repair.Stream(ledger, "$receipts/restore"));
            Assert.Equal((13, 1, "restored"), (receipt.Position.Value, receipt.StreamVersion.Value, receipt.Type));
            Assert.Equal("""{"epochBefore":1,"epoch":2,"lastCommonPosition":12,"recordedAt":"2024-05-06T07:08:12.000000Z","backedUpAt":"2024-05-06T10:08:09.000000Z"}""", receipt.Json);
            Assert.Equal(Backup.Now, receipt.RecordedAt);
            Assert.Equal(12, Repair.All(ledger).Count);
        }

        // The same again, from a backup of the restored ledger.
        Backup.Make(files, Backup.Restored, "backup2");
        var second = Backup.Restore(files, "backup2", "restored2");
        Assert.Equal((3, 13), (second.Epoch, second.LastCommonPosition.Value));
        using var twice = Backup.Open(files, "restored2");
        var receipts = Repair.Stream(twice, "$receipts/restore");
        Assert.Equal([1, 2], receipts.Select(receipt => receipt.StreamVersion.Value));
        Assert.Equal(13, JsonDocument.Parse(receipts[1].Payload).RootElement.GetProperty("lastCommonPosition").GetInt64());
        Assert.True(receipts[1].RecordedAt > receipts[0].RecordedAt);
        Assert.Equal(12, twice.Resolve(new LedgerCursor(twice.Id, 1, new Position(12))).Value);
        Assert.Equal(12, Forked(twice, new LedgerCursor(twice.Id, 1, new Position(13))));
        Assert.Equal(13, Forked(twice, new LedgerCursor(twice.Id, 2, new Position(14))));
    }

    // A consumer had read position 14 when the disk failed. Later the restored ledger has a position 14 as well, with another fact.
    [Fact]
    public void Cursors_and_followers_of_the_lost_future_are_told_also_when_the_ledger_has_grown_past_them()
    {
        var files = SmallLedger.ClosedCleanly();
        Backup.Make(files);
        LedgerCursor common, lost, old;
        using (var ledger = SmallLedger.Open(files))
        {
            common = ledger.CursorAt(new Position(12));
            for (var i = 0; i < 2; i++) SmallLedger.AppendOne(ledger);
            lost = ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.Now }).Cursor;
            old = LedgerCursor.Parse($"{ledger.Id}/1@14");
            Assert.Equal(old, lost with { Leaf = null });
        }

        Backup.Restore(files);
        using var restored = Backup.Open(files, Backup.Restored);
        for (var i = 0; i < 5; i++)
        {
            foreach (var cursor in new[] { lost, old })
            {
                Assert.Equal(12, Forked(restored, cursor));
                var told = Assert.Throws<LedgerForkedException>(() => restored.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(cursor) }));
                Assert.Equal((12, 2), (told.LastCommonPosition.Value, told.Epoch));
            }

            using (var reader = Backup.OpenReadOnly(files, Backup.Restored)) Assert.Equal(12, Forked(reader, lost));
            Assert.Equal(12, restored.Resolve(common).Value);
            Assert.Equal(13 + i, SmallLedger.Now(restored.GetHeadAsync(Cancellation)).Value);
            SmallLedger.AppendOne(restored);
        }

        var goesOn = restored.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(common) });
        Assert.True(goesOn.TryRead(out var next));
        Assert.Equal(14, next.Position.Value); // behind the receipt, which is hidden

        // In the other direction: cursors of the restored ledger are refused by the old directory.
        using var original = SmallLedger.Open(files);
        Assert.Equal(0, Forked(original, restored.CursorAt(new Position(14))));
    }

    // Both restores are in epoch 2 and have a fact at each position.
    [Fact]
    public void Two_restores_of_one_backup_are_told_apart_by_their_leaves()
    {
        var files = SmallLedger.ClosedCleanly();
        Backup.Make(files);
        Backup.Restore(files, target: "one", seed: 1);
        Backup.Restore(files, target: "two", seed: 2);
        using var one = Backup.Open(files, "one");
        using var two = Backup.Open(files, "two");
        SmallLedger.AppendOne(one);
        Repair.Append(two, new AppendRequest([new NewFact("orders/8", "placed", "8"), NewFact.WithoutPayload("orders/8", "sent")]));

        Assert.Equal(12, two.Resolve(one.CursorAt(new Position(12))).Value);
        foreach (var position in new[] { 13, 14 })
        {
            Assert.Equal(0, Forked(two, one.CursorAt(new Position(position))));
            Assert.Equal(0, Forked(one, two.CursorAt(new Position(position))));
            Assert.Equal(position, two.Resolve(one.CursorAt(new Position(position)) with { Leaf = null }).Value);
        }

        var ahead = Assert.Throws<ArgumentOutOfRangeException>(() => one.Resolve(two.CursorAt(new Position(15))));
        Assert.Contains("another copy of the ledger", ahead.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_are_restored_with_the_ledger_and_go_on()
    {
        var files = SmallLedger.ClosedCleanly();
        using (var ledger = SmallLedger.Open(files))
        {
            Repair.Append(ledger, new AppendRequest { AppendId = "cp", Cells = [NewCell.Put("checkpoints", "mail", "7")] });
            Backup.Make(files);
            Repair.Append(ledger, new AppendRequest { Cells = [NewCell.Put("checkpoints", "mail", "8")] });
        }

        Backup.Restore(files);
        using var restored = Backup.Open(files, Backup.Restored);
        var cell = SmallLedger.Now(restored.ReadCellAsync("checkpoints", "mail", Cancellation))!;
        Assert.Equal((1, "7"), ((int)cell.Version.Value, System.Text.Encoding.UTF8.GetString(cell.Value.Span)));
        var receipt = Repair.Append(restored, new AppendRequest { Cells = [NewCell.Put("checkpoints", "mail", "9")], Conditions = [AppendCondition.CellEquals("checkpoints", "mail", "7")] });
        Assert.Equal(2, Assert.Single(receipt.CellVersions).Version.Value);
        Assert.IsType<AppendOutcome.Duplicate>(SmallLedger.Now(restored.TryAppendAsync(new AppendRequest { AppendId = "cp", Cells = [NewCell.Put("checkpoints", "mail", "7")] })));
    }

    [Fact]
    public void A_time_is_never_given_twice_where_the_clock_is_behind_the_backup()
    {
        var files = SmallLedger.ClosedCleanly();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files, Backup.Now + TimeSpan.FromDays(1)))) SmallLedger.AppendOne(ledger);
        Backup.Make(files);
        Backup.Restore(files);
        using var restored = Backup.Open(files, Backup.Restored);
        var facts = restored.Storage.Read(new Position(13), new Position(14), backward: false).ToList();
        Assert.Equal(facts[0].RecordedAt.AddMicroseconds(1), facts[1].RecordedAt);
    }

    // Positions 2 and 6 are lost, one with its header. That fact may have been a receipt, so its version is not assigned again.
    [Fact]
    public void The_receipt_passes_over_versions_that_a_lost_fact_may_have_had()
    {
        var files = SmallLedger.Recovered();
        Repair.DamageFact(files, new Position(2), isHeaderLost: true);
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.Run(files);
        Backup.Make(files);
        Assert.Equal(3, Backup.Restore(files).Epoch);
        using var restored = Backup.Open(files, Backup.Restored);
        Assert.Equal(2, Assert.Single(Repair.Stream(restored, "$receipts/restore")).StreamVersion.Value);
        Assert.Equal(2, Repair.Append(restored, new AppendRequest(NewFact.WithoutPayload("orders/new", "more"))).Versions[0].Version.Value);
        Assert.Equal(1, Forked(restored, new LedgerCursor(restored.Id, 1, new Position(9))));
        Assert.Equal(13, Forked(restored, new LedgerCursor(restored.Id, 2, new Position(14))));
        Assert.Empty(Backup.Verify(files, Backup.Restored).Damage);
    }

    // Only the damaged backup is left. A restore refuses it, but a repair of the directory keeps what is whole.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_backup_is_not_restored_but_a_copy_of_it_can_be_repaired(bool isLogDamaged)
    {
        var files = SmallLedger.Rolled();
        Backup.Make(files);
        files.FlipBit(isLogDamaged ? files.Paths.First(path => path.StartsWith(Backup.Root, StringComparison.Ordinal) && LedgerLayout.IsSegment(path)) : $"{Backup.Root}/BACKUP", 8 * 200);
        var damaged = Assert.Throws<LedgerDamagedException>(() => Backup.Restore(files));
        Assert.All(damaged.Damage, one => Assert.StartsWith(Backup.Root, one.File, StringComparison.Ordinal));
        Assert.DoesNotContain(files.Paths, path => path.StartsWith(Backup.Restored, StringComparison.Ordinal) && !path.EndsWith("/LOCK", StringComparison.Ordinal));

        files.Delete($"{Backup.Root}/BACKUP");
        Repair.Run(files, root: Backup.Root);
        using var ledger = Backup.Open(files, Backup.Root);
        Assert.Empty(ledger.Damage);
        Assert.InRange(Repair.All(ledger).Count, 38, 42);
    }

    static long Forked(Ledger ledger, LedgerCursor cursor) => Assert.Throws<LedgerForkedException>(() => ledger.Resolve(cursor)).LastCommonPosition.Value;
}
