using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Copies a ledger, replaces or deletes one or two files of the copy by their state some operations ago, and opens it.</summary>
/// <remarks>
/// An open fails, reports damage, or finds everything. No answer is wrong, and no position is assigned twice.
/// A repair keeps only what was written. Appends after it get positions and versions that were never assigned.
/// </remarks>
internal sealed class AgedCopy(ModelFacts model, Random random, LedgerOptions options, SimulationCounts counts)
{
    const string Root = SimulatedLedgers.Root;
    const string Head = $"{Root}/HEAD";

    string _where = "";

    /// <param name="now">The files of the ledger while no process has it open.</param>
    /// <param name="then">The same files some operations ago.</param>
    /// <param name="isKilled">Whether the process was killed before it closed the ledger.</param>
    public void Examine(IReadOnlyDictionary<string, SparseBytes> now, IReadOnlyDictionary<string, SparseBytes> then, bool isKilled)
    {
        if (model.Count == 0 || !now.ContainsKey(Head) || !now.ContainsKey($"{Root}/MANIFEST")) return; // one of them is already lost
        var files = new MemoryFileSystem();
        files.CreateDirectory($"{Root}/segments");
        files.CreateDirectory($"{Root}/index");
        foreach (var (path, bytes) in now.Where(static file => !IsAside(file.Key))) Put(files, path, bytes);
        var changed = Choose(now, then, isKilled);
        if (changed.Count == 0 || !IsKnown(files, changed)) return;

        foreach (var (path, old) in changed)
        {
            if (old is null) files.Delete(path);
            else Put(files, path, old);
            counts.Count(old is null ? "aged: file lost" : "aged: file put back");
        }

        _where = $"Of a ledger that was {(isKilled ? "killed" : "closed")}, {string.Join(" and ", changed.Select(static one => $"{one.Path} is {(one.Old is null ? "lost" : "as it was")}"))}";
        try
        {
            if (random.Next(2) == 0) _ = Open(files.Clone(), isReader: true);
            if (!Open(files, isReader: false)) new RepairedAgedCopy(model, options, counts).Examine(files, _where);
        }
        catch (SimulationFailure failure) when (!failure.Message.StartsWith(_where, StringComparison.Ordinal))
        {
            throw new SimulationFailure($"{_where}, and {failure.Message}", failure);
        }
    }

    /// <summary>Draws one or two files. Each is replaced by its older state, or deleted if it had none.</summary>
    List<(string Path, SparseBytes? Old)> Choose(IReadOnlyDictionary<string, SparseBytes> now, IReadOnlyDictionary<string, SparseBytes> then, bool isKilled)
    {
        // After a kill, HEAD alone may record the newest state. Without HEAD nothing proves it, so HEAD is not drawn then.
        var paths = now.Keys.Union(then.Keys).Where(path => IsOfLedger(path) && !(isKilled && path == Head)).Order(StringComparer.Ordinal).ToList();
        var old = paths.Where(path => then.TryGetValue(path, out var bytes) && !(now.TryGetValue(path, out var newer) && AreEqual(bytes, newer))).Select(path => (Path: path, Old: (SparseBytes?)then[path])).ToList();
        var lost = paths.Where(now.ContainsKey).Select(static path => (Path: path, Old: (SparseBytes?)null)).ToList();

        // A loss of HEAD together with the end of the log is the hardest to detect, so that pair is drawn more often.
        var ends = old.Where(static one => one.Path == Head || LedgerLayout.IsSegment(one.Path)).ToList();
        var pair = random.Next(3) == 0 && ends.Count >= 2 ? (List<(string Path, SparseBytes? Old)>)[ends[0], ends[^1]] : null;
        if (pair is not null) return pair;

        var chosen = new List<(string Path, SparseBytes? Old)>();
        for (var left = random.Next(1, 3); left > 0; left--)
        {
            var from = old.Count > 0 && random.Next(3) > 0 ? old : lost;
            var one = from[random.Next(from.Count)];
            if (chosen.TrueForAll(other => other.Path != one.Path)) chosen.Add(one);
        }

        return chosen;
    }

    /// <summary>
    /// Whether the remaining files still prove the newest state: the newest HEAD, the segments, or a run that reaches the end. Without any
    /// of them the copy is a valid older ledger. After a power cut, HEAD itself may be older.
    /// </summary>
    bool IsKnown(MemoryFileSystem files, List<(string Path, SparseBytes? Old)> changed)
    {
        var isHeadOfNow = changed.TrueForAll(static one => one.Path != Head) && HeadFile.ReadSlot(files, new LedgerLayout(Root))?.RecordedAt == Microseconds.From(model.LastTime!.Value);
        if (isHeadOfNow || !changed.Exists(static one => LedgerLayout.IsSegment(one.Path))) return true;
        foreach (var path in files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal) && changed.TrueForAll(one => one.Path != path)).ToList())
        {
            using var run = Run.Inspect(files.Open(path, FileOpening.ReadOnly), out _);
            if (run is not null && run.Footer.LastTime >= Microseconds.From(model.LastTime!.Value)) return true;
        }

        return false;
    }

    static bool IsAside(string path) => path.Contains("/quarantine/", StringComparison.Ordinal);

    static bool IsOfLedger(string path) => path == Head || path == $"{Root}/MANIFEST"
        || (LedgerLayout.IsSegment(path) && path.Contains("/segments/", StringComparison.Ordinal)) || path.EndsWith(".run", StringComparison.Ordinal);

    static void Put(MemoryFileSystem files, string path, SparseBytes bytes) => files.Replace(path, Content(bytes), bytes.Length);

    static bool AreEqual(SparseBytes one, SparseBytes other) => one.Length == other.Length && Content(one).AsSpan().SequenceEqual(Content(other));

    static byte[] Content(SparseBytes bytes)
    {
        var content = new byte[bytes.LastNonZero() + 1];
        _ = bytes.Read(content, 0);
        return content;
    }

    /// <summary>Returns whether the ledger has no damage.</summary>
    bool Open(MemoryFileSystem files, bool isReader)
    {
        var mine = options with { FileSystem = files, Scheduler = new ManualScheduler() };
        var who = isReader ? "a reader" : "a writer";
        Ledger ledger;
        try
        {
            var storage = isReader ? FileStorage.OpenReadOnly(files, Root, mine.ToStorageOptions()) : FileStorage.Open(files, Root, mine.ToStorageOptions(), default);
            ledger = Ledger.Open(storage, mine);
        }
        catch (Exception refused) when (refused is LedgerDamagedException or LedgerNotFoundException)
        {
            counts.Count($"aged: {who} was refused");
            return false;
        }

        using (ledger)
        {
            Compare(ledger, who, ledger.Opening.HasRecoverableAppends);
            var isDamaged = ledger.Damage.Count > 0;
            counts.Count(isDamaged ? $"aged: {who} was told" : $"aged: {who} found all");
            if (isReader) return !isDamaged;
            GoOn(ledger, (ManualScheduler)mine.Scheduler);
            if (isDamaged) return false;
        }

        mine = mine with { Scheduler = new ManualScheduler() };
        using var again = Ledger.Open(FileStorage.Open(files, Root, mine.ToStorageOptions(), default), mine);
        var head = SimulationRun.Sync(again.GetHeadAsync()).Value;
        SimulationFailure.When(again.Damage.Count > 0 || head != model.Head + 1, $"{_where}, and a reopen after another append finds {head} facts instead of {model.Head + 1} and damage: {string.Join(' ', again.Damage)}");
        return true;
    }

    /// <summary>Each answer is right, or it is refused and the ledger reports damage.</summary>
    void Compare(Ledger ledger, string who, bool isBehind)
    {
        var last = model.Head;
        Asked(ledger, who, () =>
        {
            var head = SimulationRun.Sync(ledger.GetHeadAsync()).Value;
            var hidden = isBehind ? ledger.Opening.RecoverableFacts : 0;
            SimulationFailure.When(head > model.Head, $"{_where}, and {who} shows position {head}; {model.Head} was the last");
            SimulationFailure.When(head + hidden < model.Head && ledger.Damage.Count == 0, $"{_where}, and {who} shows {head} facts and {hidden} behind them of {model.Head} without a word");
            last = head;
        });

        for (var position = 1L; position <= last; position++)
            Asked(ledger, who, () =>
            {
                var fact = SimulationRun.Sync(ledger.ReadAtAsync(new Position(position)));
                SimulationFailure.When(fact is null, $"{_where}, and {who} that shows {last} facts has none at {position}. Damage: {string.Join(' ', ledger.Damage)}");
                FactComparison.Same(fact!, model.All[(int)position - 1], model, ledger.Id.Tag);
            });

        // A reader whose head is behind answers as of that head.
        var until = isBehind ? last : model.Head;
        foreach (var stream in model.Streams)
        {
            var expected = model.LastAt(stream, until);
            Asked(ledger, who, () =>
            {
                var version = SimulationRun.Sync(ledger.GetVersionAsync(stream)).Value;
                SimulationFailure.When(version != (expected?.Version ?? 0), $"{_where}, and {who} says that {stream} is at version {version} instead of {expected?.Version ?? 0}, at {expected?.Position}. Damage: {string.Join(' ', ledger.Damage)}");
            });
            Asked(ledger, who, () =>
            {
                var latest = SimulationRun.Sync(ledger.ReadLatestAsync(stream));
                SimulationFailure.When(latest is null != expected is not { Fact.Retracts: false }, $"{_where}, and {who} finds {(latest is null ? "no value" : "a value")} of {stream}");
                if (latest is not null) FactComparison.Same(latest, expected!, model, ledger.Id.Tag);
            });
        }

        var query = new Requests(random).Query();
        Asked(ledger, who, () =>
        {
            var (found, expected) = (SimulationRun.Facts(ledger.ReadAsync(query)), model.Matching(query, 0, until).Count());
            SimulationFailure.When(found.Count != expected, $"{_where}, and {who} finds {found.Count} facts of {query} instead of {expected}");
        });
        if (isBehind) return;
        foreach (var name in model.Cells.Names) Asked(ledger, who, () => CellComparison.Same(ledger, model, name, $" ({_where}; asked by {who})"));
        foreach (var bucket in CellRequests.Buckets) Asked(ledger, who, () => CellComparison.SameList(ledger, model, bucket, $" ({_where}; asked by {who})"));
        foreach (var id in model.Appends.Keys) Asked(ledger, who, () => SimulationFailure.When(SimulationRun.Sync(ledger.FindAppendAsync(id)) is null, $"{_where}, and {who} has forgotten append {id}"));
    }

    void Asked(Ledger ledger, string who, Action ask)
    {
        try
        {
            ask();
        }
        catch (LedgerDamagedException refused)
        {
            SimulationFailure.When(ledger.Damage.Count == 0, $"{_where}, and something cannot be told to {who}, but nothing is said to be damaged: {refused}");
        }
    }

    /// <summary>An append continues after the last position ever assigned, or is refused.</summary>
    void GoOn(Ledger ledger, ManualScheduler scheduler)
    {
        var isDamaged = ledger.Damage.Count > 0;
        Task<AppendOutcome> sent;
        try
        {
            sent = ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload(new StreamName("s", "new"), "after"))).AsTask();
            while (!sent.IsCompleted && scheduler.Step("factstone writer"))
                while (scheduler.Completions.Count > 0) scheduler.RunCompletion(0);
        }
        catch (LedgerDamagedException) when (isDamaged)
        {
            return;
        }

        var answer = sent.IsCompletedSuccessfully ? sent.Result.ToString() : sent.Exception?.ToString();
        if (isDamaged)
        {
            SimulationFailure.When(sent.Exception?.InnerException is not LedgerDamagedException, $"{_where}, there is damage, and an append was answered with {answer}");
            return;
        }

        var receipt = sent.IsCompletedSuccessfully && sent.Result is AppendOutcome.Committed committed ? committed.Receipt : null;
        SimulationFailure.When(receipt?.FirstPosition.Value != model.Head + 1, $"{_where}, and an append behind {model.Head} facts was answered with {answer}");
        counts.Count("aged: went on");
    }
}
