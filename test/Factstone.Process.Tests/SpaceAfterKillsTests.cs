using Factstone.Storage;

namespace Factstone.Tests.Processes;

/// <summary>The disk space that crashes leave behind.</summary>
public sealed class SpaceAfterKillsTests
{
    const int FactsPerKill = 3;
    const long BytesBeyondFactsMax = 4 * 1_024 * 1_024;

    // Each crash began another segment, and the old one kept its preallocated
    // space forever: 25 kills with 3 facts each left 26 segments and 28 MB.
    [Fact]
    public async Task Killed_again_and_again_a_ledger_takes_little_more_than_its_facts()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var directory = Directory.CreateTempSubdirectory("factstone-space-");
        try
        {
            var ledger = $"{directory.FullName}/ledger";
            var rounds = Rounds.Or(25);
            var acknowledged = new List<(long, long, Child.Load)>();
            for (var i = 0; i < rounds; i++)
            {
                using var child = new ChildProcess("append", ledger, "--segment", $"{new StorageOptions().SegmentSizeBytes}", "--callers", "1", "--pause", "100");
                child.WaitForAppends(FactsPerKill);
                child.Kill();
                acknowledged.AddRange(child.Acknowledged);
            }

            await using var reader = await Ledger.OpenReadOnlyAsync(ledger, cancellationToken: cancellation);
            await LoadCheck.HoldsAsync(reader, acknowledged);
            var statistics = await reader.GetStatisticsAsync(cancellation);
            Assert.True(statistics.Segments >= rounds, $"{statistics.Segments} segments: the kills were no crashes.");
            var beyond = BytesOf(ledger) - statistics.SegmentBytes;
            TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} kills, {statistics.Facts} facts, {statistics.Segments} segments, {statistics.SegmentBytes:N0} bytes of the log, {beyond:N0} beyond");
            Assert.True(beyond <= BytesBeyondFactsMax, $"{beyond:N0} bytes beyond the log after {rounds} kills.");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static long BytesOf(string ledger) => new DirectoryInfo(ledger).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => !file.FullName.Contains("/quarantine/", StringComparison.Ordinal))
        .Sum(file => file.Length);
}
