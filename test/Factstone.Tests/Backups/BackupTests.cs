using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Backups;

/// <summary>The content of a backup, how it opens, and what is refused.</summary>
public sealed class BackupTests
{
    static readonly LedgerLayout Layout = new(Backup.Root);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ledgers => ["closed", "open", "recovered", "rolled", "repaired", "empty"];

    [Theory, MemberData(nameof(Ledgers))]
    public void A_backup_is_read_like_the_ledger_up_to_its_position(string kind)
    {
        var files = Of(kind);
        using var writer = kind == "open" ? SmallLedger.Open(files) : null;
        if (writer is not null) SmallLedger.AppendOne(writer);
        var copied = new List<(long Copied, long All)>();
        var report = Backup.Make(files, progress: (done, all) => copied.Add((done, all)));
        if (writer is not null) SmallLedger.AppendOne(writer);

        Assert.Equal((report.SegmentBytes + report.RunBytes), copied[^1].Copied);
        Assert.True(copied.TrueForAll(at => at.Copied <= at.All));
        Assert.DoesNotContain($"{Backup.Root}/UNFINISHED", files.Paths);
        using (var backup = Backup.OpenReadOnly(files, Backup.Root))
        using (var ledger = writer is null ? SmallLedger.Open(files) : null)
        {
            Assert.Equal(report.Position, SmallLedger.Now(backup.GetHeadAsync(Cancellation)));
            Assert.Equal((backup.Id, backup.Epoch), (report.LedgerId, report.Epoch));
            Assert.Equal(Backup.Leaves(writer ?? ledger!, report.Position), Backup.Leaves(backup, report.Position));
            Assert.Empty(backup.Damage);
            Assert.Throws<InvalidOperationException>(() => SmallLedger.AppendOne(backup));
        }

        var verified = Backup.Verify(files, Backup.Root);
        Assert.Empty(verified.Damage);
        Assert.Equal((report.Position, report.Runs, 0), (verified.Head, verified.RunsCompared, verified.TornTailBytes));
    }

    // Without its index, a large ledger needs memory for all of its facts, or its open is refused.
    [Fact]
    public void A_backup_has_the_index_of_the_ledger_as_far_as_there_is_one()
    {
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 4 };
        using (var ledger = SmallLedger.Open(options))
        {
            for (var i = 0; i < 40; i++) SmallLedger.AppendOne(ledger);
            var report = Backup.Make(files);
            Assert.Equal(40, report.Position.Value);
            Assert.InRange(report.Runs, 2, 10);
        }

        using var backup = Backup.OpenReadOnly(files, Backup.Root);
        Assert.NotEmpty(((FileStorage)backup.Storage).Runs());
        Assert.InRange(((FileStorage)backup.Storage).Index.Active.Items, 0, 8);
        Assert.Equal(40, Repair.All(backup).Count);
    }

    [Fact]
    public void A_backup_of_a_backup_is_the_same()
    {
        var files = SmallLedger.Rolled();
        var first = Backup.Make(files);
        var second = Backup.Make(files, Backup.Root, "again");
        Assert.Equal(first, second);
        foreach (var path in files.Paths.Where(path => path.StartsWith($"{Backup.Root}/", StringComparison.Ordinal) && !path.EndsWith("/LOCK", StringComparison.Ordinal)))
            Assert.Equal(files.ReadWhole(path), files.ReadWhole($"again{path[Backup.Root.Length..]}"));
    }

    // An operator opens a backup with the program that writes. Facts appended
    // there belong to no ledger, and the directory is no longer a valid backup.
    [Theory]
    [InlineData("as it is")]
    [InlineData("with HEAD and MANIFEST put beside it")]
    [InlineData("with an old MANIFEST.new")]
    [InlineData("with a damaged BACKUP")]
    public void A_backup_is_never_opened_for_writing(string how)
    {
        var files = SmallLedger.Rolled();
        Backup.Make(files);
        if (how.Contains("beside", StringComparison.Ordinal))
            foreach (var name in new[] { "HEAD", "MANIFEST" }) files.Replace($"{Backup.Root}/{name}", files.ReadWhole($"{SmallLedger.Root}/{name}"), files.LengthOf($"{SmallLedger.Root}/{name}"));
        if (how.Contains("new", StringComparison.Ordinal)) files.Replace(Layout.NewManifest, files.ReadWhole($"{SmallLedger.Root}/MANIFEST"));
        if (how.Contains("damaged", StringComparison.Ordinal)) files.FlipBit(Layout.Backup, 300);
        var before = Repair.Bytes(files);

        var refused = Assert.Throws<LedgerIsBackupException>(() => Backup.Open(files, Backup.Root));
        Assert.Contains($"factstone restore '{Backup.Root}' --data", refused.Message, StringComparison.Ordinal);
        Assert.Throws<LedgerIsBackupException>(() => Repair.Run(files, root: Backup.Root));
        if (how.Contains("damaged", StringComparison.Ordinal)) Assert.Throws<LedgerDamagedException>(() => Backup.OpenReadOnly(files, Backup.Root));
        else using (var backup = Backup.OpenReadOnly(files, Backup.Root)) Assert.Equal(42, SmallLedger.Now(backup.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(before, Repair.Bytes(files));
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    [InlineData("")]
    public void A_directory_that_is_marked_as_unfinished_opens_for_nothing(string work)
    {
        var files = SmallLedger.ClosedCleanly();
        if (work.Length > 0) UnfinishedMark.Write(files, new LedgerLayout(SmallLedger.Root), work);
        else files.Replace($"{SmallLedger.Root}/UNFINISHED", []);
        var before = Repair.Bytes(files);

        foreach (var attempt in new Action[]
        {
            () => SmallLedger.Open(files),
            () => SmallLedger.OpenReadOnly(files),
            () => Repair.Run(files),
            () => Backup.Verify(files, SmallLedger.Root),
            () => Backup.Make(files),
            () => Backup.Restore(files, SmallLedger.Root),
        })
        {
            var refused = Assert.Throws<LedgerUnfinishedException>(attempt);
            Assert.Contains($"unfinished {(work.Length > 0 ? work : "backup or restore")}", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Repair.Bytes(files));
    }

    [Fact]
    public void A_directory_that_is_not_empty_is_refused_and_stays_as_it_is()
    {
        foreach (var found in new[] { "photo.jpg", "HEAD", "segments/x", "index/x", "photos/x", "segments/more/x" })
        {
            var files = SmallLedger.ClosedCleanly();
            Backup.Make(files);
            files.CreateDirectory($"target/{found}"[..$"target/{found}".LastIndexOf('/')]);
            files.Replace($"target/{found}", [1]);
            var before = Repair.Bytes(files);
            Assert.Throws<DirectoryNotEmptyException>(() => Backup.Make(files, target: "target"));
            Assert.Throws<DirectoryNotEmptyException>(() => Backup.Restore(files, target: "target"));
            Assert.Equal(before, Repair.Bytes(files));
        }

        var ledger = SmallLedger.ClosedCleanly();
        Assert.Throws<DirectoryNotEmptyException>(() => Backup.Make(ledger, target: SmallLedger.Root));
        ledger.Replace("file", [1]);
        Assert.Throws<LedgerIOException>(() => Backup.Make(ledger, target: "file"));
    }

    [Fact]
    public void What_is_no_ledger_or_no_backup_is_refused_before_anything_is_made()
    {
        var files = SmallLedger.ClosedCleanly();
        Assert.Throws<LedgerNotFoundException>(() => Backup.Make(files, source: "nowhere"));
        Assert.Contains("factstone backup", Assert.Throws<LedgerNotFoundException>(() => Backup.Restore(files, SmallLedger.Root)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(files.Paths, path => !path.StartsWith($"{SmallLedger.Root}/", StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_ledger_is_not_backed_up_and_the_damage_is_named()
    {
        var files = SmallLedger.Rolled();
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        var damaged = Assert.Throws<LedgerDamagedException>(() => Backup.Make(files));
        var one = Assert.Single(damaged.Damage);
        Assert.Equal((6, 6), (one.FirstPosition.Value, one.LastPosition.Value));
        Assert.StartsWith($"{SmallLedger.Root}/segments/", one.File, StringComparison.Ordinal);
        Assert.Equal([$"{Backup.Root}/LOCK"], files.Paths.Where(path => path.StartsWith(Backup.Root, StringComparison.Ordinal)));

        var headless = SmallLedger.Rolled();
        headless.FlipBit(headless.Paths.First(LedgerLayout.IsSegment), 100);
        Assert.Equal(0, Assert.Single(Assert.Throws<LedgerDamagedException>(() => Backup.Make(headless)).Damage).FileOffset);

        var incomplete = SmallLedger.Rolled();
        var missing = incomplete.Paths.Where(LedgerLayout.IsSegment).ElementAt(1);
        incomplete.Delete(missing);
        Assert.Equal(missing, Assert.Single(Assert.Throws<LedgerDamagedException>(() => Backup.Make(incomplete)).Damage).File);

        Repair.Run(files);
        Assert.Empty(Damaged(Backup.Make(files), files));
    }

    // After a power cut the pages of HEAD were older than the log. The facts behind
    // HEAD were acknowledged, and a backup up to HEAD would omit them without a report.
    [Fact]
    public void A_ledger_that_waits_for_its_recovery_is_refused_until_a_writer_has_opened_it()
    {
        var files = SmallLedger.ClosedCleanly();
        var old = files.ReadWhole($"{SmallLedger.Root}/HEAD");
        MemoryFileSystem cut;
        using (var ledger = SmallLedger.Open(files))
        {
            SmallLedger.AppendOne(ledger);
            cut = files.Clone();
            Assert.Equal(13, Backup.Make(files).Position.Value); // while it is open, HEAD says it all
        }

        cut.Replace($"{SmallLedger.Root}/HEAD", old);
        var refused = Assert.Throws<BackupRefusedException>(() => Backup.Make(cut));
        Assert.Contains("facts after the durable end in HEAD", refused.Message, StringComparison.Ordinal);
        SmallLedger.Open(cut).Dispose();
        Assert.Equal(13, Backup.Make(cut).Position.Value);

        foreach (var name in new[] { "HEAD", "MANIFEST" })
        {
            var without = SmallLedger.ClosedCleanly();
            without.Delete($"{SmallLedger.Root}/{name}");
            Assert.Contains(name, Assert.Throws<BackupRefusedException>(() => Backup.Make(without)).Message, StringComparison.Ordinal);
            SmallLedger.Open(without).Dispose();
            Assert.Equal(12, Backup.Make(without).Position.Value);
        }
    }

    [Fact]
    public void A_cancelled_backup_leaves_nothing()
    {
        var files = SmallLedger.Rolled();
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => LedgerBackup.Run(files, new LedgerLayout(SmallLedger.Root), files, Layout, SmallLedger.Options(files).ToStorageOptions(), (_, _) => cancellation.Cancel(), cancellation.Token));
        Assert.Equal([Layout.Lock], files.Paths.Where(path => path.StartsWith(Backup.Root, StringComparison.Ordinal)));
        Assert.Equal(42, Backup.Make(files).Position.Value);
    }

    [Fact]
    public void Two_backups_into_one_directory_do_not_meet()
    {
        var files = SmallLedger.Rolled();
        Assert.Equal(42, Backup.Make(files, progress: (_, _) => Assert.ThrowsAny<FactstoneException>(() => Backup.Make(files))).Position.Value);
        Assert.Empty(Backup.Verify(files, Backup.Root).Damage);
    }

    [Fact]
    public async Task A_ledger_in_memory_is_backed_up_to_the_disk_and_restored_there()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-backup-");
        try
        {
            await using (var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation))
            {
                await ledger.AppendAsync(new NewFact("orders/1", "placed", "1"), Cancellation);
                BackupProgress last = default;
                Assert.Equal(1, (await ledger.BackupAsync(Path.Combine(directory.FullName, "b"), at => last = at, Cancellation)).Position.Value);
                Assert.True(last.BytesCopied > 0 && last.BytesCopied == last.Bytes);
            }

            var copied = await Ledger.BackupAsync(Path.Combine(directory.FullName, "b"), Path.Combine(directory.FullName, "c"), cancellationToken: Cancellation);
            var report = await Ledger.RestoreAsync(Path.Combine(directory.FullName, "c"), Path.Combine(directory.FullName, "new", "d"), cancellationToken: Cancellation);
            Assert.Equal((copied.Position, 2), (report.LastCommonPosition, report.Epoch));
            await using var restored = await Ledger.OpenAsync(Path.Combine(directory.FullName, "new", "d"), cancellationToken: Cancellation);
            Assert.True(restored.Opening.WasClosedCleanly);
            Assert.Equal("1", (await restored.ReadLatestAsync("orders/1", cancellationToken: Cancellation))!.Json);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static IReadOnlyList<Factstone.Damage> Damaged(BackupReport report, MemoryFileSystem files)
    {
        Assert.Equal(2, report.Epoch);
        return Backup.Verify(files, Backup.Root).Damage;
    }

    /// <summary>A ledger in one of the states in which an operator may find it.</summary>
    internal static MemoryFileSystem Of(string kind)
    {
        var files = kind switch
        {
            "recovered" => SmallLedger.Recovered(),
            "rolled" => SmallLedger.Rolled(),
            "empty" => new MemoryFileSystem(),
            _ => SmallLedger.ClosedCleanly(),
        };
        if (kind == "empty") SmallLedger.Open(files).Dispose();
        if (kind != "repaired") return files;
        Repair.DamageFact(files, new Position(6), isHeaderLost: true);
        Repair.Run(files);
        return files;
    }
}
