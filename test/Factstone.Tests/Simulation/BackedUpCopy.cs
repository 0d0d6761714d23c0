using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Backs up a ledger to a failing disk while it is being written, restores the backup, and appends to the result.</summary>
/// <remarks>A completed backup or restore is whole up to the position that it reports. One that was stopped or refused leaves nothing that
/// opens.</remarks>
internal sealed class BackedUpCopy(Random random, LedgerOptions options, SimulationCounts counts)
{
    const string Backup = "backup";
    const string Restored = "restored";

    readonly SimulatedDisk _disk = new(random.Next());

    /// <summary>Runs the backup. Returns null if it was stopped or refused.</summary>
    /// <param name="source">The disk of the ledger as another process sees it.</param>
    /// <param name="meanwhile">Called during the copy.</param>
    public BackupReport? Copy(IFileSystem source, Action meanwhile)
    {
        var layout = new LedgerLayout(SimulatedLedgers.Root);
        return Try("backup", Backup, () => LedgerBackup.Run(source, layout, _disk.FileSystem, new LedgerLayout(Backup), StorageOptions(), (_, _) => meanwhile(), default));
    }

    /// <summary>Compares a completed backup, and a ledger restored from it, with the model.</summary>
    /// <param name="report">The report of the backup.</param>
    /// <param name="model">Everything that was committed, including commits after the backup.</param>
    /// <param name="withCells">Whether nothing was committed after the backup, so that the cells must be equal.</param>
    public void Check(BackupReport report, ModelFacts model, bool withCells)
    {
        using (var ledger = Open(Backup, isReader: true)) Compare(ledger, report, model, withCells, "a backup");
        if (Try("restore", Restored, () => LedgerRestore.Run(_disk.FileSystem, new LedgerLayout(Backup), _disk.FileSystem, new LedgerLayout(Restored), StorageOptions(), progress: null, default)) is not { } restored) return;

        var scheduler = new ManualScheduler();
        using (var ledger = Open(Restored, isReader: false, scheduler))
        {
            SimulationFailure.When(ledger.Epoch != report.Epoch + 1 || restored.Epoch != ledger.Epoch, $"a restore of epoch {report.Epoch} is in epoch {ledger.Epoch}");
            SimulationFailure.When(restored.Receipt != report.Position.Next(), $"the receipt of a restore up to {report.Position} is at {restored.Receipt}");
            Compare(ledger, report, model, withCells, "a restored ledger");
            GoOn(ledger, scheduler, restored.Receipt.Next());
        }

        using var again = Open(Restored, isReader: false);
        SimulationFailure.When(again.Damage.Count > 0 || SimulationRun.Sync(again.GetHeadAsync()) != restored.Receipt.Next(), "a restored ledger that went on is not as it was closed");
    }

    void Compare(Ledger ledger, BackupReport report, ModelFacts model, bool withCells, string what)
    {
        SimulationFailure.When(ledger.Damage.Count > 0, $"{what} has damage: {string.Join(' ', ledger.Damage)}");
        var facts = SimulationRun.Facts(ledger.ReadAsync(new ReadOptions { AsOf = LedgerTime.AtPosition(report.Position) }));
        SimulationFailure.When(facts.Count != report.Position.Value, $"{what} up to {report.Position} has {facts.Count} facts");
        for (var i = 0; i < facts.Count; i++) FactComparison.Same(facts[i], model.All[i], model, ledger.Id.Tag);
        foreach (var stream in model.Streams)
            SimulationFailure.When(SimulationRun.Sync(ledger.GetVersionAsync(stream)).Value != (model.LastAt(stream, report.Position.Value)?.Version ?? 0), $"in {what} {stream} is at another version");
        if (withCells) CellComparison.AllAreSame(ledger, model);
        counts.Count($"{what} compared");
    }

    static void GoOn(Ledger ledger, ManualScheduler scheduler, Position expected)
    {
        var sent = ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload(new StreamName("s", "new"), "after"))).AsTask();
        while (!sent.IsCompleted && scheduler.Step("factstone writer"))
            while (scheduler.Completions.Count > 0) scheduler.RunCompletion(0);
        SimulationFailure.When(!sent.IsCompletedSuccessfully || sent.Result is not AppendOutcome.Committed committed || committed.Receipt.FirstPosition != expected, $"an append to a restored ledger was answered with {(sent.IsCompletedSuccessfully ? sent.Result : sent.Exception)}");
    }

    /// <summary>Runs a copy on a disk that may fail, and tries a second time.</summary>
    T? Try<T>(string what, string directory, Func<T> copy)
        where T : class
    {
        for (var isLast = random.Next(2) == 0; ; isLast = true)
        {
            if (!isLast || random.Next(2) == 0) Fail();
            var (struck, crashes) = (_disk.FaultCounts.Values.Sum(), Crashes);
            try
            {
                var report = copy();
                counts.Count($"{what} done");
                return report;
            }
            catch (PowerLostException) when (Crashes > crashes)
            {
                _disk.KillProcess();
                counts.Count($"{what} died");
            }
            catch (FactstoneException refused) when (refused is LedgerIOException or LedgerFullException && _disk.FaultCounts.Values.Sum() > struck)
            {
                counts.Count($"{what} refused");
            }
            finally
            {
                _disk.Faults.Clear();
                _disk.CapacityBytes = long.MaxValue;
            }

            if (IsWhole(what, directory) || isLast) return null;
        }
    }

    void Fail()
    {
        if (random.Next(3) > 0) _disk.Faults.At(_disk.IoCount + random.Next(1, 120), (Fault)random.Next(1, Enum.GetValues<Fault>().Length + 1));
        else _disk.CapacityBytes = _disk.UsedBytes + random.Next(0, 100_000);
    }

    long Crashes => _disk.FaultCounts.GetValueOrDefault(nameof(Fault.PowerLoss)) + _disk.FaultCounts.GetValueOrDefault(nameof(Fault.ProcessKill));

    /// <summary>
    /// A stopped copy does not open, or it is whole: if the last step was interrupted, the caller cannot know whether it became durable.
    /// </summary>
    bool IsWhole(string what, string directory)
    {
        try
        {
            using var ledger = Open(directory, isReader: true);
            SimulationFailure.When(ledger.Damage.Count > 0, $"a {what} that was stopped opens with damage: {string.Join(' ', ledger.Damage)}");
            counts.Count($"{what} whole although it was stopped");
            return true;
        }
        catch (FactstoneException refused) when (refused is LedgerNotFoundException or LedgerUnfinishedException or LedgerDamagedException)
        {
            SimulationFailure.When(refused is LedgerDamagedException, $"what a {what} that was stopped has left opens as damaged: {refused.Message}");
            return false;
        }
    }

    StorageOptions StorageOptions() => options.ToStorageOptions();

    Ledger Open(string directory, bool isReader, ManualScheduler? scheduler = null)
    {
        var mine = options with { FileSystem = _disk.FileSystem, Scheduler = scheduler ?? new ManualScheduler() };
        var storage = isReader ? FileStorage.OpenReadOnly(_disk.FileSystem, directory, mine.ToStorageOptions()) : FileStorage.Open(_disk.FileSystem, directory, mine.ToStorageOptions(), default);
        return Ledger.Open(storage, mine);
    }
}
