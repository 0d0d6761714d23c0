using Factstone.Storage;
using Factstone.Tests.Damage;
using Xunit;

namespace Factstone.Tests.TouchedDirectories;

/// <summary>
/// Files that other programs put into a ledger's directory are left alone, and files that a writer has prepared may disappear.
/// </summary>
public sealed class ForeignFileTests
{
    static readonly string[] Foreign =
    [
        "segments/notes.txt", "segments/debug.log", "segments/spare.txt", "segments/00000000000000000001.000001 (copy).log", "index/notes.txt", "index/old.run", "quarantine/notes.txt", "quarantine/torn",
    ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Every open for writing deleted unknown files in segments/ and index/. It took a file ending in .log for a segment of another ledger,
    // and appends were refused until a repair.
    [Fact]
    public async Task Foreign_files_survive_opens_recoveries_and_repairs()
    {
        var files = new MemoryFileSystem();
        using (var first = SmallLedger.Open(files))
            for (var i = 0; i < 20; i++) await first.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
        files.CreateDirectory($"{SmallLedger.Root}/quarantine");
        foreach (var name in Foreign) files.Replace($"{SmallLedger.Root}/{name}", "keep me"u8);

        using (var again = SmallLedger.Open(files))
        {
            Assert.Empty(again.Damage);
            Assert.Equal(21, (await again.AppendAsync(new NewFact("s/1", null, "1"), Cancellation)).FirstPosition.Value);
            var crashed = files.Clone();
            var last = crashed.Paths.Last(LedgerLayout.IsSegment);
            crashed.Replace(last, [.. crashed.ReadAll(last), .. "torn"u8]);
            using var recovered = SmallLedger.Open(crashed);
            Assert.True(recovered.Opening.TornTailBytes > 0);
            Assert.Equal(22, (await recovered.AppendAsync(new NewFact("s/1", null, "1"), Cancellation)).FirstPosition.Value);
            AllAreThere(crashed);
        }

        AllAreThere(files);
        Assert.Equal(LedgerState.Whole, StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancellation).State);
        files.FlipBit(files.Paths.First(LedgerLayout.IsSegment), 8 * 400);
        _ = LedgerRepair.Run(files, SmallLedger.Root, SmallLedger.Options(files).ToStorageOptions(), isDryRun: false, progress: null, Cancellation);
        AllAreThere(files);
        using var repaired = SmallLedger.Open(files);
        Assert.Empty(repaired.Damage);
    }

    // The log refused all appends until it was opened again.
    [Fact]
    public async Task A_spare_that_somebody_deletes_is_made_again()
    {
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files) with { PreallocationBytesMin = 16 * 1_024, PreallocationBytesMax = 16 * 1_024, Scheduler = new InlineScheduler() };
        var deleted = 0;
        using (var ledger = SmallLedger.Open(options))
        {
            for (var i = 0; i < 60; i++)
            {
                await ledger.AppendAsync(new NewFact("s/1", null, $"\"{new string('x', 4_000)}\""), Cancellation);
                foreach (var spare in files.Paths.Where(static path => LedgerLayout.IsSpare(FileNames.NameOf(path))).ToList())
                {
                    files.Delete(spare);
                    deleted++;
                }
            }

            Assert.Equal(60, (await ledger.GetHeadAsync(Cancellation)).Value);
        }

        Assert.True(deleted > 1, "There was no spare.");
        Assert.Equal(LedgerState.Whole, StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, Cancellation).State);
    }

    static void AllAreThere(MemoryFileSystem files)
    {
        foreach (var name in Foreign) Assert.Equal("keep me"u8.ToArray(), files.ReadAll($"{SmallLedger.Root}/{name}"));
    }
}
