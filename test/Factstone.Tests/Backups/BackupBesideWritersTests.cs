using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Backups;

/// <summary>Backs up a ledger while eight callers append to it, on a real disk with real threads.</summary>
public sealed class BackupBesideWritersTests
{
    const int Backups = 50;
    const int Writers = 8;

    /// <summary>The minimal number of facts between two backups, so that segments and runs are created even on a busy machine.</summary>
    const int FactsBetween = 20;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // With segments of 64 KiB and runs of 64 facts, segments are created and runs are written and merged during each backup.
    [Fact]
    public async Task Fifty_backups_beside_eight_writers_are_whole_and_are_the_ledger_up_to_their_position()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-backups-");
        try
        {
            await RunAsync(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task RunAsync(string directory)
    {
        var source = Path.Combine(directory, "ledger");
        var options = new LedgerOptions { SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin, MemoryFactsMax = 64, IdleBeforeMerging = TimeSpan.FromMilliseconds(2) };
        var reports = new List<BackupReport>();
        await using var ledger = await Ledger.OpenAsync(source, options, Cancellation);
        await ledger.AppendAsync(new NewFact("orders/0", "placed", "0"), Cancellation);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation))
        {
            var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => AppendAsync(ledger, writer, stop.Token), Cancellation)).ToList();
            for (var i = 0; i < Backups; i++)
            {
                var next = new Position((i + 1) * FactsBetween);
                while (await ledger.GetHeadAsync(Cancellation) < next) await Task.Delay(1, Cancellation);

                // Every second backup is made as by another process, which has only the directory.
                var target = Path.Combine(directory, $"b{i}");
                reports.Add(i % 2 == 0 ? await ledger.BackupAsync(target, cancellationToken: Cancellation) : await Ledger.BackupAsync(source, target, cancellationToken: Cancellation));
            }

            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        var expected = Backup.Leaves(ledger, await ledger.GetHeadAsync(Cancellation));
        for (var i = 0; i < Backups; i++)
        {
            var (backup, restored) = (Path.Combine(directory, $"b{i}"), Path.Combine(directory, $"r{i}"));
            var report = await Ledger.RestoreAsync(backup, restored, cancellationToken: Cancellation);
            Assert.Equal(reports[i].Position, report.LastCommonPosition);
            foreach (var at in new[] { backup, restored })
            {
                var verified = await Ledger.VerifyAsync(at, new VerifyOptions { Deep = true }, cancellationToken: Cancellation);
                Assert.Empty(verified.Damage);
                Assert.Equal(at == backup ? report.LastCommonPosition : report.Receipt, verified.Head);
                Assert.Equal(report.Runs, verified.RunsCompared);
                await using var copy = await Ledger.OpenReadOnlyAsync(at, cancellationToken: Cancellation);
                Assert.Equal(expected.GetRange(0, (int)report.LastCommonPosition.Value), Backup.Leaves(copy, report.LastCommonPosition));
                foreach (var cell in await copy.ListCellsAsync("writers", cancellationToken: Cancellation).ToListAsync(Cancellation))
                    Assert.Equal(cell.Version.Value, (await copy.GetVersionAsync($"orders/{cell.Name}", cancellationToken: Cancellation)).Value);
            }
        }

        for (var i = 0; i < Backups; i++) Assert.True(reports[i].Position.Value >= (i + 1) * FactsBetween && (i == 0 || reports[i].Position >= reports[i - 1].Position));
        Assert.True(reports[^1].Segments > 1, $"{reports[^1]}");
        Assert.Contains(reports.Skip(Backups / 2), static one => one.Runs > 0); // one of them may have met a merge beyond its position
    }

    /// <summary>Each append writes a fact and a cell with the same version.</summary>
    static async Task AppendAsync(Ledger ledger, int writer, CancellationToken stop)
    {
        var request = new AppendRequest(new NewFact($"orders/w{writer}", "placed", $"\"{new string('x', 200)}\"")) { Cells = [NewCell.Put("writers", $"w{writer}", "1")] };
        while (!stop.IsCancellationRequested) await ledger.AppendAsync(request, Cancellation);
    }
}
