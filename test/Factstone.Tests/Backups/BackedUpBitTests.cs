using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Backups;

/// <summary>One bit of a stored backup flips.</summary>
public sealed class BackedUpBitTests
{
    static string[] FilesOf(MemoryFileSystem files) =>
        [.. files.Paths.Where(path => path.StartsWith($"{Backup.Root}/", StringComparison.Ordinal) && !path.EndsWith("/LOCK", StringComparison.Ordinal))];

    [Fact]
    public void A_bit_that_flips_in_any_byte_of_a_backup_is_found_by_verify_and_nothing_wrong_is_restored()
    {
        var files = SmallLedger.Recovered();
        using (var ledger = SmallLedger.Open(files)) Repair.Append(ledger, new AppendRequest(NewFact.WithoutPayload("orders/1", "last")) { Cells = [NewCell.Put("state", "a", "1")] });
        Backup.Make(files);
        var kinds = new HashSet<string>();
        var flipped = 0;
        foreach (var path in FilesOf(files))
            for (var at = 0L; at < files.LengthOf(path); at++, flipped++)
            {
                var bit = (at * 8) + (at * 5 % 8);
                files.FlipBit(path, bit);
                Assert.True(IsFound(files), $"A flipped bit {bit} of {path} was not found.");
                if (!path.EndsWith(".run", StringComparison.Ordinal)) Assert.Throws<LedgerDamagedException>(() => Backup.Restore(files));
                files.FlipBit(path, bit);
                kinds.Add(Path.GetExtension(path));
            }

        Assert.Equal(["", ".log", ".run"], kinds.Order());
        Assert.True(flipped > 3_000, $"{flipped}");
        Assert.Empty(Backup.Verify(files, Backup.Root).Damage);
    }

    // The index can be rebuilt. A restore omits a damaged run, and the next open rebuilds it.
    [Fact]
    public void A_damaged_file_of_the_index_is_not_restored_and_is_made_again()
    {
        var files = SmallLedger.Rolled();
        Backup.Make(files);
        var run = FilesOf(files).Single(path => path.EndsWith(".run", StringComparison.Ordinal));
        files.FlipBit(run, 8 * 50);
        Assert.Equal(0, Backup.Restore(files).Runs);
        using var restored = Backup.Open(files, Backup.Restored);
        Assert.Equal(42, Repair.All(restored).Count);
        Assert.Empty(restored.Damage);
    }

    [Fact]
    public void A_file_of_a_backup_that_is_missing_or_cut_is_found()
    {
        foreach (var isCut in new[] { true, false })
        {
            var whole = SmallLedger.Rolled();
            Backup.Make(whole);
            foreach (var path in FilesOf(whole).Where(LedgerLayout.IsSegment))
            {
                var files = whole.Clone();
                if (isCut) files.Replace(path, files.ReadWhole(path).AsSpan()[..^8]);
                else files.Delete(path);
                Assert.True(IsFound(files));
                var damaged = Assert.Throws<LedgerDamagedException>(() => Backup.Restore(files));
                Assert.Equal(path, Assert.Single(damaged.Damage).File);
            }
        }
    }

    [Fact]
    public void Whoever_reads_a_damaged_backup_changes_nothing_in_it()
    {
        var files = SmallLedger.Rolled();
        Backup.Make(files);
        files.FlipBit(FilesOf(files).First(LedgerLayout.IsSegment), 8 * (SegmentHeader.Bytes + 300));
        var before = Repair.Bytes(files);
        using (var backup = Backup.OpenReadOnly(files, Backup.Root)) Assert.Throws<LedgerDamagedException>(() => Repair.All(backup));
        Assert.NotEmpty(Backup.Verify(files, Backup.Root).Damage);
        Assert.Equal(before, Repair.Bytes(files));
    }

    static bool IsFound(MemoryFileSystem files)
    {
        try
        {
            return Backup.Verify(files, Backup.Root).Damage.Count > 0;
        }
        catch (LedgerDamagedException)
        {
            return true;
        }
    }
}
