using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>What verify finds beyond damaged bytes. It changes nothing.</summary>
public sealed class VerificationTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A sum over all facts shows that a version is missing. Only then does verify compare the versions of single streams.
    [Theory]
    [InlineData(Defect.None)]
    [InlineData(Defect.KeepRefusedVersions)]
    internal void A_version_that_is_missing_is_found(Defect defect)
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 60, Defect = defect }))
        {
            for (var i = 0; i < 200; i++) Commit(ledger, $"orders/{i % 30}");
            files.CapacityBytes = files.UsedBytes;
            var refused = new NewFact("orders/7", "paid", $"\"{new string('x', 100_000)}\"");
            Assert.Throws<LedgerFullException>(() => SmallLedger.Now(ledger.AppendAsync(new AppendRequest(refused), Cancel)));
            files.CapacityBytes = long.MaxValue;
            Commit(ledger, "orders/7");
            for (var i = 0; i < 60; i++) Commit(ledger, $"orders/{i % 30}");
        }

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, Cancel);
        if (defect == Defect.None)
        {
            Assert.Empty(report.Damage);
            return;
        }

        Assert.Contains("orders/7 jump from", Assert.Single(report.Damage).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_that_finds_damage_changes_nothing()
    {
        var files = SmallLedger.ClosedCleanly();
        using (var ledger = SmallLedger.Open(files)) SmallLedger.AppendOne(ledger);
        files.FlipBit(files.Paths.First(LedgerLayout.IsSegment), (SegmentHeader.Bytes + 60) * 8);
        var before = files.Paths.ToDictionary(static path => path, files.ReadWhole);
        Assert.Equal(LedgerState.Damaged, StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Cancel).State);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), files.Paths.Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, files.ReadWhole(file.Key)));
    }

    static void Commit(Ledger ledger, StreamName stream) => Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, "placed", "1")), Cancel)));
}
