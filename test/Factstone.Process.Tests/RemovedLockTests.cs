using Factstone.Storage;

namespace Factstone.Tests.Processes;

/// <summary>Two processes write to one ledger after its lock file was deleted.</summary>
public sealed class RemovedLockTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // LOCK was taken for a leftover and deleted while a writer ran. The second writer created a new file and locked that. Both acknowledged
    // the same positions: of 250 facts 93 were missing, and verify --deep found nothing.
    [Fact]
    public async Task A_second_writer_is_refused_while_the_first_one_runs()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-rm-lock-");
        try
        {
            var ledger = $"{directory.FullName}/ledger";
            using var first = new ChildProcess("append", ledger, "--callers", "4", "--pause", "1");
            first.WaitForAppends(20);
            for (var round = 0; round < 3; round++)
            {
                if (round != 1) File.Delete($"{ledger}/LOCK");
                else await File.WriteAllTextAsync($"{ledger}/LOCK", "", Cancellation); // made anew by hand
                using var second = new ChildProcess("append", ledger, "--lock-wait", "0");
                second.WaitFor(line => line.StartsWith("locked ", StringComparison.Ordinal));
                Assert.Empty(second.Acknowledged);
            }

            using var late = new ChildProcess("append", ledger, "--lock-wait", "30000");
            var before = first.Acknowledged.Count;
            first.WaitForAppends(before + 20); // an operator's mistake does not stop the service
            first.Kill();
            late.WaitForAppends(20);
            late.Kill();

            Assert.True(File.Exists($"{ledger}/LOCK"));
            await HoldsAsync(ledger, [.. first.Acknowledged, .. late.Acknowledged]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // The same on a file system that cannot lock directories. There the second writer gets a lock, and the first one stops.
    [Fact]
    public async Task Where_directories_cannot_be_locked_the_first_writer_stops_and_no_position_is_acknowledged_twice()
    {
        for (var round = 0; round < Rounds.Or(5); round++)
        {
            var directory = Directory.CreateTempSubdirectory("factstone-rm-lock-");
            try
            {
                var ledger = $"{directory.FullName}/ledger";
                using var first = new ChildProcess("append", ledger, "--callers", "4", "--no-directory-lock");
                first.WaitForAppends(20 + 50 * round);
                File.Delete($"{ledger}/LOCK");
                using var second = new ChildProcess("append", ledger, "--callers", "4", "--lock-wait", "0", "--no-directory-lock");
                second.WaitForAppends(20);
                for (var caller = 0; caller < 4; caller++)
                    first.WaitFor(line => line.StartsWith($"stopped {caller} ", StringComparison.Ordinal) && line.Contains("lock file was re", StringComparison.Ordinal));
                first.Kill();
                second.Kill();

                var positions = first.Acknowledged.Concat(second.Acknowledged).Select(one => one.First).ToList();
                Assert.Equal(positions.Count, positions.Distinct().Count());
                await HoldsAsync(ledger, [.. first.Acknowledged, .. second.Acknowledged]);
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    static async Task HoldsAsync(string directory, IReadOnlyList<(long First, long Last, Child.Load Load)> acknowledged)
    {
        await using (var ledger = await Ledger.OpenAsync(directory, new LedgerOptions { SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin }, Cancellation))
            await LoadCheck.HoldsAsync(ledger, acknowledged);
        Assert.Empty((await Ledger.VerifyAsync(directory, new VerifyOptions { Deep = true }, cancellationToken: Cancellation)).Damage);
    }
}
