using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>
/// A real process is killed during a backup or restore, or its disk becomes full. A directory opens only if it is complete.
/// </summary>
public sealed class BackupTests : IDisposable
{
    /// <summary>The minimal number of 1-MiB pieces to copy.</summary>
    const int Pieces = 12;

    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("factstone-backup-");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    string At(string name) => Path.Combine(_directory.FullName, name);

    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    public async Task A_kill_in_the_middle_leaves_nothing_that_opens_and_it_is_done_again(string work)
    {
        var random = Rounds.Seeded(out _);
        await using var ledger = await LargeLedgerAsync();
        var position = await ledger.GetHeadAsync(Cancellation);
        var isRestore = work == "restore";
        if (isRestore) await ledger.BackupAsync(At("source"), cancellationToken: Cancellation);
        var source = isRestore ? At("source") : At("ledger");

        var unfinished = 0;
        for (var round = 0; round < Math.Min(Rounds.Or(8), 100); round++)
        {
            var target = At($"target{round}");
            using (var child = new ChildProcess(work, source, target))
            {
                // Kills the process after some piece, possibly the last one.
                var pieces = (round == 0 ? 1 : random.Next(1, Pieces + 1)).ToString(CultureInfo.InvariantCulture);
                child.WaitFor(line => line == $"copied {pieces}");
                if (round > 0) await Task.Delay(random.Next(40), Cancellation);
                child.Kill();
            }

            if (File.Exists(Path.Combine(target, "UNFINISHED")))
            {
                unfinished++;
                await OpensForNothingAsync(target);
                using var again = new ChildProcess(work, source, target);
                again.WaitForEnd($"done {position}");
            }

            await IsWholeAsync(ledger, target, position, isRestore);
        }

        Assert.True(unfinished > 0, "No kill came while anything was unfinished.");
    }

    [Fact]
    public async Task A_full_disk_leaves_nothing_that_opens_and_gives_back_its_room()
    {
        await using var ledger = await LargeLedgerAsync();
        var position = await ledger.GetHeadAsync(Cancellation);
        using var disk = LoopDisk.New(14);
        var target = Path.Combine(disk.MountPoint, "backup");
        await Assert.ThrowsAsync<LedgerFullException>(async () => await ledger.BackupAsync(target, cancellationToken: Cancellation));
        await HoldsNothingAsync(target);

        await ledger.BackupAsync(At("backup"), cancellationToken: Cancellation);
        var restored = Path.Combine(disk.MountPoint, "restored");
        await Assert.ThrowsAsync<LedgerFullException>(async () => await Ledger.RestoreAsync(At("backup"), restored, cancellationToken: Cancellation));
        await HoldsNothingAsync(restored);

        await Ledger.RestoreAsync(At("backup"), At("restored"), cancellationToken: Cancellation);
        await IsWholeAsync(ledger, At("restored"), position, isRestored: true);
    }

    async Task<Ledger> LargeLedgerAsync()
    {
        var ledger = await Ledger.OpenAsync(At("ledger"), new LedgerOptions { SegmentSizeBytes = 4 * 1_024 * 1_024 }, Cancellation);
        for (var i = 0; i < Pieces; i++) await ledger.AppendAsync(new NewFact($"files/{i}", "stored", new byte[1_024 * 1_024]) { ContentType = "application/octet-stream" }, Cancellation);
        return ledger;
    }

    static async Task OpensForNothingAsync(string directory)
    {
        await Assert.ThrowsAsync<LedgerUnfinishedException>(async () => await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<LedgerUnfinishedException>(async () => await Ledger.OpenAsync(directory, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<LedgerUnfinishedException>(async () => await Ledger.VerifyAsync(directory, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<LedgerUnfinishedException>(async () => await Ledger.RepairAsync(directory, cancellationToken: Cancellation));
    }

    static async Task HoldsNothingAsync(string directory)
    {
        await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation));
        Assert.Equal(["LOCK"], Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    static async Task IsWholeAsync(Ledger ledger, string directory, Position position, bool isRestored)
    {
        Assert.Empty((await Ledger.VerifyAsync(directory, new VerifyOptions { Deep = true }, cancellationToken: Cancellation)).Damage);
        if (!isRestored) await Assert.ThrowsAsync<LedgerIsBackupException>(async () => await Ledger.OpenAsync(directory, cancellationToken: Cancellation));
        await using var copy = isRestored ? await Ledger.OpenAsync(directory, cancellationToken: Cancellation) : await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation);
        var facts = await copy.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal(position.Value, facts.Count);
        Assert.Equal(ledger.CursorAt(position) with { Epoch = copy.Epoch }, copy.CursorAt(position));
    }
}
