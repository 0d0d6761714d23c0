using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Repairs a copy whose files are of different ages, and appends to the result.</summary>
internal sealed class RepairedAgedCopy(ModelFacts model, LedgerOptions options, SimulationCounts counts)
{
    /// <summary>The repaired ledger contains only what was written. No position or version is assigned again.</summary>
    /// <param name="files">The damaged copy.</param>
    /// <param name="where">What was done to its files, for messages.</param>
    public void Examine(MemoryFileSystem files, string where)
    {
        var scheduler = new ManualScheduler();
        var mine = options with { FileSystem = files, Scheduler = scheduler, Defect = Defect.None };
        RepairReport report;
        try
        {
            report = LedgerRepair.Run(files, SimulatedLedgers.Root, mine.ToStorageOptions(), isDryRun: false, progress: null, default);
        }
        catch (FactstoneException refused) when (refused is LedgerDamagedException or LedgerNotFoundException)
        {
            counts.Count("aged: repair was refused");
            return;
        }

        SimulationFailure.When(!report.WasDamaged, $"{where}, a writer was told of damage, and a repair finds none");
        using var ledger = Ledger.Open(FileStorage.Open(files, SimulatedLedgers.Root, mine.ToStorageOptions(), default), mine);
        SimulationFailure.When(ledger.Damage.Count > 0, $"{where}, and after a repair there is still damage: {string.Join(' ', ledger.Damage)}");
        var receipt = SimulationRun.Sync(ledger.GetHeadAsync());
        SimulationFailure.When(receipt.Value <= model.Head, $"{where}, and the receipt of a repair of {model.Head} facts is at {receipt}");
        var facts = SimulationRun.Facts(ledger.ReadAsync());
        foreach (var fact in facts)
        {
            SimulationFailure.When(fact.Position.Value > model.Head, $"{where}, and after a repair there is a fact at {fact.Position}; {model.Head} was the last");
            FactComparison.Same(fact, model.All[(int)fact.Position.Value - 1], model, ledger.Id.Tag);
        }

        SimulationFailure.When(facts.Count < model.Head && report.Lost.Count == 0, $"{where}, and a repair that says that it lost nothing has left {facts.Count} facts of {model.Head}");
        GoOn(ledger, scheduler, receipt, where);
        counts.Count("aged: repaired");
    }

    void GoOn(Ledger ledger, ManualScheduler scheduler, Position receipt, string where)
    {
        var streams = model.Streams.ToList();
        var names = streams.Count > 0 ? (List<StreamName>)[streams[0], streams[^1]] : [new StreamName("s", "new")];
        foreach (var name in names.Distinct())
        {
            var sent = ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload(name, "after"))).AsTask();
            while (!sent.IsCompleted && scheduler.Step("factstone writer"))
                while (scheduler.Completions.Count > 0) scheduler.RunCompletion(0);
            SimulationFailure.When(!sent.IsCompletedSuccessfully || sent.Result is not AppendOutcome.Committed, $"{where}, and after a repair an append to {name} was answered with {(sent.IsCompletedSuccessfully ? sent.Result : sent.Exception)}");
            var done = sent.Result.EnsureCommittedOrDuplicate();
            SimulationFailure.When(done.FirstPosition != receipt.Next(), $"{where}, and an append behind the receipt at {receipt} got position {done.FirstPosition}");
            SimulationFailure.When(done.Versions[0].Version.Value <= model.Stream(name).Count, $"{where}, and after a repair {name} got version {done.Versions[0].Version} again");
            receipt = done.LastPosition;
        }
    }
}
