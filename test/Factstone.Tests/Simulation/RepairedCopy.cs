using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Repairs a damaged copy on a failing disk, repeats the repair until it completes, and appends to the result.</summary>
internal static class RepairedCopy
{
    const int TriesMax = 5;

    /// <summary>The repair loses only what the damage touches, and the repaired ledger accepts appends.</summary>
    /// <param name="damaged">The copy, closed.</param>
    /// <param name="root">Its directory.</param>
    /// <param name="model">Its content before the damage.</param>
    /// <param name="random">Draws which I/O fails.</param>
    /// <param name="options">The options of its open; the file system is replaced.</param>
    /// <param name="where">The damage, for messages.</param>
    /// <param name="counts">Counts what happened.</param>
    public static void Examine(MemoryFileSystem damaged, string root, ModelFacts model, Random random, LedgerOptions options, string where, SimulationCounts counts)
    {
        // A dry run reports what the repair will do and changes nothing. The repair must match it, however often it is stopped.
        var report = LedgerRepair.Run(damaged, root, options.ToStorageOptions(), isDryRun: true, progress: null, default);
        SimulationFailure.When(!report.WasDamaged || report.FactsLeft + report.FactsLost != model.Head, $"after {where} a repair left {report.FactsLeft} facts and lost {report.FactsLost} of {model.Head}");
        SimulationFailure.When(report.FactsLost > 1, $"after {where} a repair lost {report.FactsLost} facts for one bit");
        counts.Count(report.FactsLost > 0 ? "repair: fact lost" : "repair: nothing lost");

        var disk = new SimulatedDisk(random.Next());
        CopyTo(disk, damaged, root);
        RunUntilDone(disk, root, report, random, options, where, counts);
        counts.Add(disk.FaultCounts);

        using (var ledger = Open(disk, root, options))
        {
            Check(ledger, model, report, where, counts);
            GoOn(ledger, model, random, (ManualScheduler)options.Scheduler, where);
        }

        using var again = Open(disk, root, options);
        SimulationFailure.When(again.Damage.Count > 0 || Position(again) < model.Head + 2, $"after {where}, a repair and another append a reopen finds position {Position(again)} and damage: {string.Join(" ", again.Damage)}");
    }

    static void RunUntilDone(SimulatedDisk disk, string root, RepairReport expected, Random random, LedgerOptions options, string where, SimulationCounts counts)
    {
        var wasStopped = false;
        for (var tries = 1; ; tries++)
        {
            disk.Faults.Clear();
            disk.CapacityBytes = long.MaxValue;
            var isLast = tries == TriesMax;
            if (!isLast && random.Next(4) > 0) disk.Faults.At(disk.IoCount + random.Next(1, 150), (Fault)random.Next(1, Enum.GetValues<Fault>().Length + 1));
            if (!isLast && random.Next(4) == 0) disk.CapacityBytes = disk.UsedBytes + random.Next(0, 80_000);
            try
            {
                var done = LedgerRepair.Run(disk.FileSystem, root, options.ToStorageOptions(), isDryRun: false, progress: null, default);
                SimulationFailure.When(!done.WasDamaged && !wasStopped, $"after {where} a repair finds no damage where a dry run found some: {string.Join(" ", expected.Damage)}");
                counts.Count(wasStopped ? "repair: done after it was stopped" : "repair: done at once");
                break;
            }
            catch (PowerLostException)
            {
                wasStopped = true;
                disk.KillProcess();
                counts.Count("repair: died");
            }
            catch (FactstoneException refused) when (!isLast && refused is LedgerIOException or LedgerFullException)
            {
                wasStopped = true;
                counts.Count("repair: refused");
            }
        }

        disk.Faults.Clear();
        disk.CapacityBytes = long.MaxValue;
    }

    static void Check(Ledger ledger, ModelFacts model, RepairReport report, string where, SimulationCounts counts)
    {
        SimulationFailure.When(ledger.Damage.Count > 0, $"after {where} and a repair there is still damage: {string.Join(" ", ledger.Damage)}");
        SimulationFailure.When(Position(ledger) != model.Head + 1, $"after {where} the receipt of a repair of {model.Head} facts is not the last fact, and the head is {Position(ledger)}: {report.FactsLeft} left, {report.FactsLost} lost, {string.Join(' ', report.Damage)}");
        SimulationFailure.When(ledger.Epoch != report.Epoch, $"after {where} and a repair the epoch is {ledger.Epoch} instead of {report.Epoch}");
        for (var position = 1L; position <= model.Head; position++)
        {
            var fact = SimulationRun.Sync(ledger.ReadAtAsync(new Position(position)));
            var isLost = report.Lost.Any(range => range.First.Value <= position && position <= range.Last.Value);
            SimulationFailure.When(isLost != fact is null, $"after {where} the repair's report and the ledger differ about position {position}");
            if (fact is not null) FactComparison.Same(fact, model.All[(int)position - 1], model, ledger.Id.Tag);
        }

        CheckCells(ledger, model, report, where, counts);
        foreach (var id in model.Appends.Keys)
            SimulationFailure.When(report.UnknownAppendIds.Count == 0 && !report.MayHaveLostCells && SimulationRun.Sync(ledger.FindAppendAsync(id)) is null, $"after {where} and a repair append {id} is forgotten: {string.Join(" ", report.Damage)} Lost {string.Join(" ", report.Lost)}, cells {string.Join(" ", report.LostCells)}, incomplete {string.Join(" ", report.IncompleteAppends)}");
    }

    static void CheckCells(Ledger ledger, ModelFacts model, RepairReport report, string where, SimulationCounts counts)
    {
        foreach (var name in model.Cells.Names)
        {
            if (report.LostCells.Any(lost => lost.Cell == name && lost.Version.Value == model.Cells.Writes(name).Count))
            {
                SimulationFailure.When(SimulationRun.Sync(ledger.ReadCellAsync(name.Bucket, name.Name)) is not null, $"after {where} and a repair cell {name} has a value that is not its newest");
                counts.Count("repair: cell lost");
            }
            else if (!report.MayHaveLostCells) CellComparison.Same(ledger, model, name, $" after {where} and a repair");
        }
    }

    /// <summary>Appends to a few streams. No version and no position that was ever shown is assigned again.</summary>
    static void GoOn(Ledger ledger, ModelFacts model, Random random, ManualScheduler scheduler, string where)
    {
        var streams = model.Streams.ToList();
        var name = streams.Count > 0 ? streams[random.Next(streams.Count)] : new StreamName("s", "new");
        var before = SimulationRun.Sync(ledger.GetVersionAsync(name));
        var sent = ledger.TryAppendAsync(new AppendRequest { Facts = [NewFact.WithoutPayload(name, "after")], Conditions = [AppendCondition.StreamAt(name, before)] }).AsTask();
        while (!sent.IsCompleted && scheduler.Step("factstone writer"))
            while (scheduler.Completions.Count > 0) scheduler.RunCompletion(0);
        SimulationFailure.When(!sent.IsCompletedSuccessfully || sent.Result is not AppendOutcome.Committed, $"after {where} and a repair an append to {name} at {before} was answered with {(sent.IsCompletedSuccessfully ? sent.Result : sent.Exception)}");
        var receipt = sent.Result.EnsureCommittedOrDuplicate();
        SimulationFailure.When(receipt.FirstPosition.Value != model.Head + 2, $"after {where} and a repair an append got position {receipt.FirstPosition}");
        SimulationFailure.When(receipt.Versions[0].Version.Value <= model.Stream(name).Count, $"after {where} and a repair {name} got version {receipt.Versions[0].Version} again");
    }

    static Ledger Open(SimulatedDisk disk, string root, LedgerOptions options)
    {
        options = options with { FileSystem = disk.FileSystem };
        return Ledger.Open(FileStorage.Open(disk.FileSystem, root, options.ToStorageOptions(), default), options);
    }

    static long Position(Ledger ledger) => SimulationRun.Sync(ledger.GetHeadAsync()).Value;

    static void CopyTo(SimulatedDisk disk, MemoryFileSystem from, string root)
    {
        var files = disk.FileSystem;
        List<string> directories = [root, $"{root}/segments", $"{root}/index", .. from.Paths.Select(FileNames.DirectoryOf)];
        foreach (var directory in directories.Where(directory => !files.DirectoryExists(directory))) files.CreateDirectory(directory);
        foreach (var path in from.Paths)
        {
            var content = new byte[from.LengthOf(path)];
            from.ReadAll(path).CopyTo(content, 0);
            using var file = files.Open(path, FileOpening.CreateNew);
            file.Write(content, 0);
            file.Sync();
        }

        foreach (var directory in directories.Distinct()) files.SyncDirectory(directory);
    }
}
