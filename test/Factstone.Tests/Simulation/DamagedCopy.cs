using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Copies a ledger, flips one bit of the copy, and opens it.</summary>
internal static class DamagedCopy
{
    public static void Examine(SimulatedDisk disk, string root, ModelFacts model, Random random, Defect defect, LedgerOptions options, SimulationCounts counts)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory($"{root}/segments");
        files.CreateDirectory($"{root}/index");
        foreach (var path in disk.Paths.Where(path => !path.Contains("quarantine", StringComparison.Ordinal)))
        {
            var content = disk.ReadAll(path);
            files.Replace(path, content, content.Length);
        }

        // Without an index the open reads the whole log. With one it does not, and the first read finds the damage.
        if (random.Next(2) == 0)
            foreach (var run in files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).ToList()) files.Delete(run);

        var paths = files.Paths.Where(path => !path.EndsWith("LOCK", StringComparison.Ordinal) && files.LastWrittenByte(path) >= 0).ToList();

        // Without HEAD, damage to the last group looks like a crash (docs/guarantees.md).
        if (!paths.Exists(path => path.EndsWith("HEAD", StringComparison.Ordinal))) return;

        // After a clean close, the closing frame proves where the log ended, even without HEAD. Damage to that frame costs no fact.
        if (random.Next(4) == 0 && IsClean(files, $"{root}/HEAD"))
        {
            files.Delete($"{root}/HEAD");
            paths.Remove($"{root}/HEAD");
        }

        var hasManifest = files.FileExists($"{root}/MANIFEST");

        // Small runs are checked as a whole when they are opened. The
        // largest run is drawn more often, because it may not be. block.
        var largest = paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).MaxBy(files.LastWrittenByte);
        var chosen = largest is not null && random.Next(3) == 0 ? largest : paths[random.Next(paths.Count)];
        var bit = random.NextInt64((files.LastWrittenByte(chosen) + 1) * 8);
        files.FlipBit(chosen, bit);
        counts.Count("damaged copy");

        var scheduler = new ManualScheduler();
        options = options with { FileSystem = files, Scheduler = scheduler, Defect = defect };
        Ledger ledger;
        try
        {
            ledger = Ledger.Open(FileStorage.Open(files, root, options.ToStorageOptions(), default), options);
        }
        catch (LedgerDamagedException)
        {
            counts.Count("damage: not opened");
            return;
        }

        var where = $"{chosen} bit {bit}";
        bool wasDamaged;
        using (ledger)
        {
            var queries = new Requests(random);
            Compare(ledger, model, where, [.. Enumerable.Range(0, 6).Select(_ => queries.Query())], hasManifest, counts);
            wasDamaged = ledger.Damage.Count > 0;
        }

        // Without MANIFEST and HEAD one bit can cost a whole segment. Other tests cover that.
        if (wasDamaged && hasManifest) RepairedCopy.Examine(files, root, model, random, options with { Defect = Defect.None }, where, counts);
    }

    static bool IsClean(MemoryFileSystem files, string path)
    {
        using var head = new HeadFile(files.OpenSharedPage(path, writable: false));
        return head.Read(out _) is { IsClean: true };
    }

    /// <summary>
    /// Returns the head. Without a manifest, a damaged header can hide a whole segment; the ledger then refuses to name the head.
    /// </summary>
    static long Head(Ledger ledger, ModelFacts model, string where, bool hasManifest, SimulationCounts counts)
    {
        try
        {
            return SimulationRun.Sync(ledger.GetHeadAsync()).Value;
        }
        catch (LedgerDamagedException) when (!hasManifest && ledger.Damage.Count > 0)
        {
            counts.Count("damage: head not told");
            return model.Head;
        }
        catch (LedgerDamagedException refused)
        {
            throw new SimulationFailure($"after {where} the head is refused: {refused.Message}");
        }
    }

    /// <summary>Each fact is right, or it is refused and the ledger reports damage.</summary>
    static void Compare(Ledger ledger, ModelFacts model, string where, FactQuery[] queries, bool hasManifest, SimulationCounts counts)
    {
        var known = ledger.Damage.Count > 0;
        var head = Head(ledger, model, where, hasManifest, counts);
        SimulationFailure.When(head != model.Head && !known, $"after {where} the head is {head} instead of {model.Head}, and nobody says why");
        for (var position = 1L; position <= head; position++)
        {
            SimulationFailure.When(position > model.Head, $"after {where} there is a position {position} that never was");
            try
            {
                FactComparison.Same(SimulationRun.Sync(ledger.ReadAtAsync(new Position(position)))!, model.All[(int)position - 1], model, ledger.Id.Tag);
            }
            catch (LedgerDamagedException)
            {
                SimulationFailure.When(ledger.Damage.Count == 0, $"after {where} position {position} cannot be read, and nothing is said to be damaged");
                counts.Count("damage: fact named");
            }
        }

        foreach (var stream in model.Streams)
            Asked(() => SimulationFailure.When(SimulationRun.Sync(ledger.GetVersionAsync(stream)).Value != model.Stream(stream).Count && ledger.Damage.Count == 0, $"after {where} {stream} is at another version"));
        foreach (var name in model.Cells.Names) Asked(() => CellComparison.Same(ledger, model, name, $" after {where}"));
        foreach (var bucket in CellRequests.Buckets) Asked(() => CellComparison.SameList(ledger, model, bucket, $" after {where}"));

        foreach (var query in queries)
        {
            var expected = model.Matching(query, 0, head).ToList();
            Asked(() => SimulationFailure.When(SimulationRun.Sync(ledger.CountAsync(query)) != expected.Count, $"after {where} the count of {query} differs"));
            Asked(() =>
            {
                var found = SimulationRun.Facts(ledger.ReadAsync(query));
                SimulationFailure.When(found.Count != expected.Count, $"after {where} {query} finds {found.Count} facts instead of {expected.Count}");
                foreach (var (fact, one) in found.Zip(expected)) FactComparison.Same(fact, one, model, ledger.Id.Tag);
            });
        }

        // An open does not check what the runs cover. A later read finds that damage.
        known = ledger.Damage.Count > 0;
        counts.Count(known ? "damage: named" : "damage: without effect");
        if (known) return;
        foreach (var id in model.Appends.Keys)
            Asked(() => SimulationFailure.When(SimulationRun.Sync(ledger.FindAppendAsync(id)) is null, $"after {where} append {id} is forgotten"));

        void Asked(Action ask)
        {
            try
            {
                ask();
            }
            catch (LedgerDamagedException)
            {
                SimulationFailure.When(ledger.Damage.Count == 0, $"after {where} something cannot be told, and nothing is said to be damaged");
                counts.Count("damage: not told");
            }
        }
    }
}
