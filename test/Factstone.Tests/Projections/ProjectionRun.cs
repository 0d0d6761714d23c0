using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Projections;

/// <summary>
/// One seed: random appends, folds, snapshots, reads and a new version that replaces the one before, on a disk that fails and loses its
/// power. The process ends between any two steps. Few groups are in memory, and large states have parts.
/// </summary>
/// <remarks>One thread; the seed decides everything. Nothing runs in the background: the run takes each step of the life of the projection.</remarks>
/// <param name="seed">The seed.</param>
/// <param name="writesCheckpointFirst">A planted mistake: the checkpoint is written before the states.</param>
internal sealed class ProjectionRun(int seed, bool writesCheckpointFirst = false)
{
    const int Groups = 9;
    static readonly string[] Workers = ["factstone writer", "factstone writer", "factstone writer", "factstone index", "factstone zeroing"];

    static readonly Projection<Tally> V1 = ProjectionLedger.ByKey with
    {
        GroupsInMemoryMax = 4,
        GroupBy = null,
        GroupByMany = static fact => fact.Stream.Key == "none" ? [] : [fact.Stream.Key, "all"],
        Step = static (tally, fact) => Pad(Tally.Step(tally, fact)),
    };

    static readonly Projection<Tally> V2 = V1 with { Version = 2, Replaces = V1, Step = static (tally, fact) => Pad(Tally.Step(Tally.Step(tally, fact), fact)) };

    readonly Random _random = new(seed);
    readonly SimulatedDisk _disk = new(seed);
    readonly ManualTimeProvider _clock = new();
    readonly List<Fact> _facts = [];
    ManualScheduler _scheduler = new();
    Ledger? _ledger;
    KeptProjections? _projections;
    Projection<Tally> _definition = V1;
    bool _mayKill;
    bool _isInline;

    /// <summary>What has happened, to show that the run does what it is for.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    public void Run()
    {
        var lives = _random.Next(2, 8);
        for (var life = 0; life < lives; life++)
        {
            if (life == lives / 2) _definition = V2;
            Live();
        }

        Finish();
    }

    KeptProjection Kept => _projections!.All.Single();

    /// <summary>From an open to a close, a crash or a failed disk.</summary>
    void Live()
    {
        try
        {
            _mayKill = _random.Next(3) > 0;
            DrawFault();
            Open();
            for (var steps = _random.Next(5, 60); steps > 0; steps--) Step();
            if (_random.Next(3) == 0) Close();
            else Die();
        }
        catch (Exception ended) when (ended is MachineStoppedException or FactstoneException)
        {
            Count($"ended by {ended.GetType().Name}");
            Die();
        }
    }

    void Step()
    {
        if (_projections!.Host.ReadsOnly)
        {
            StepBeforeRecovery();
            return;
        }

        switch (_random.Next(14))
        {
            case < 5:
                Append();
                break;
            case < 7:
                var head = Result(_ledger!.GetHeadAsync().AsTask());
                foreach (var version in Versions()) Result(version.FoldToAsync(head, CancellationToken.None).AsTask());
                break;
            case < 10:
                var written = Versions().ElementAt(_random.Next(Versions().Count()));
                if (writesCheckpointFirst && written.Checkpoint.Stored is not null) Result(written.Checkpoint.WriteAsync(written.Seen, promotion: null, failure: null).AsTask());
                Result(written.SnapshotAsync().AsTask());
                Count("snapshot");
                break;
            case 10:
                Result(Kept.BuildAsync(CancellationToken.None).AsTask());
                Result(Kept.PromoteAsync(CancellationToken.None).AsTask());
                Count($"current {Kept.Definition.Version}");
                break;
            case 11:
                Result(Kept.CleanUpAsync(CancellationToken.None).AsTask());
                break;
            case 12:
                CheckReads();
                break;
            default:
                if (_random.Next(3) == 0) DrawFault();
                break;
        }
    }

    /// <summary>The disk had no space for the recovery. States are read, and whoever appends first recovers.</summary>
    void StepBeforeRecovery()
    {
        switch (_random.Next(6))
        {
            case < 2:
                Append();
                Count("recovered by an append");
                break;
            case 2:
                Result(_projections!.RecoverAsync(CancellationToken.None).AsTask());
                Count("recovered by projections");
                break;
            default:
                _ = Result(_projections!.FindAsync(Kept.Definition, CancellationToken.None).AsTask());
                var head = Result(_ledger!.GetHeadAsync().AsTask());
                foreach (var version in Versions()) Result(version.FoldToAsync(head, CancellationToken.None).AsTask());
                CheckReads();
                Count("read before recovery");
                break;
        }
    }

    IEnumerable<KeptVersion<Tally>> Versions() => new[] { Kept.Old, Kept.Newest }.OfType<KeptVersion<Tally>>();

    void Append()
    {
        NewFact[] facts = [.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => ProjectionLedger.Number(_random.Next(12) == 0 ? "none" : $"k{_random.Next(Groups)}", _random.Next(400)))];
        Result(_projections!.FoldAsync(_ledger!.TryAppendAsync(new AppendRequest { Facts = facts })).AsTask()).EnsureCommittedOrDuplicate();
        Count("append");
    }

    /// <summary>Each state is that of the full fold up to its position.</summary>
    void CheckReads()
    {
        ReadFacts();
        foreach (var version in Versions())
        {
            if (!Kept.IsAnswering(version)) continue;
            for (var group = -1; group < Groups; group++)
            {
                var key = group < 0 ? "all" : $"k{group}";
                var read = Result(version.TryReadAsync(key, CancellationToken.None).AsTask());
                Require(read is not null, "a state cannot be read");
                Require(read!.State == FullFold((Projection<Tally>)version.Definition, key, read.Position), string.Create(CultureInfo.InvariantCulture, $"version {version.Definition.Version} has another state of {key} at position {read.Position} than a full fold"));
                if (_isInline && version == Kept.Newest && Kept.IsFoldedByAppends) Require(version.Seen == Result(_ledger!.GetHeadAsync().AsTask()), "an append was answered and not folded");
                Count("read");
            }
        }
    }

    Tally FullFold(Projection<Tally> definition, string key, Position until) =>
        _facts.Where(fact => fact.Position <= until && definition.GroupByMany!(fact).Contains(key)).Aggregate(Tally.Empty, definition.Step);

    void ReadFacts()
    {
        _facts.Clear();
        var facts = _ledger!.ReadAsync(V1.Source!).GetAsyncEnumerator();
        while (Result(facts.MoveNextAsync().AsTask())) _facts.Add(facts.Current);
    }

    void DrawFault()
    {
        var fault = (Fault)_random.Next(1, Enum.GetValues<Fault>().Length + 1);
        _disk.Faults.At(_disk.IoCount + _random.Next(1, 120), fault);
        if (fault is Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages) _disk.Faults.At(_disk.IoCount + _random.Next(1, 80), fault); // twice, and an outcome is unknown
    }

    void Open()
    {
        _scheduler = new ManualScheduler();
        _ledger = _disk.OpenLedgerAsync(new LedgerOptions
        {
            Scheduler = _scheduler,
            Salts = new SeededSalts(_random),
            TimeProvider = _clock,
            SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
            LockWait = TimeSpan.Zero,
            MemoryFactsMax = 64,
        }).AsTask().GetAwaiter().GetResult();

        _isInline = _random.Next(2) == 0;
        var limits = new ProjectionLimits { IsManual = true, FactsPerBatch = _random.Next(1, 6), BatchesPerTurn = 1, CellsPerAppend = 2, PartBytes = 150, OpeningPositionsMax = _random.Next(2) * 1_000, ScannedPositionsMax = _random.Next(2) * 1_000 };
        var definition = _definition with { SnapshotEvery = _random.Next(1, 30) };
        _projections = new KeptProjections(_ledger, _isInline ? [definition] : [], _isInline ? [] : [definition], limits, notice => Count(notice.GetType().Name), _ledger.Opening.RecoveryIsPending);
        if (_projections.Host.ReadsOnly) Count("recovery awaited");
        Result(_projections.OpenAsync(CancellationToken.None).AsTask());
    }

    void Close()
    {
        Result(_projections!.CloseAsync().AsTask());
        _ledger!.Dispose();
        Count("closed");
        ForgetProcess();
    }

    void Die()
    {
        if (_random.Next(2) == 0) _disk.LosePower();
        else _disk.KillProcess();
        while (_scheduler.Completions.Count > 0 && _random.Next(3) > 0) _scheduler.RunCompletion(_random.Next(_scheduler.Completions.Count)); // who hears it is dead
        ForgetProcess();
    }

    void ForgetProcess()
    {
        _disk.Faults.Clear();
        (_ledger, _projections) = (null, null);
    }

    /// <summary>Without faults, the newest version becomes current, and what is left is checked.</summary>
    void Finish()
    {
        _mayKill = false;
        Open();
        Result(Kept.BuildAsync(CancellationToken.None).AsTask());
        Result(Kept.PromoteAsync(CancellationToken.None).AsTask());
        Result(Kept.CleanUpAsync(CancellationToken.None).AsTask());
        Append();
        var head = Result(_ledger!.GetHeadAsync().AsTask());
        Result(Kept.Newest.FoldToAsync(head, CancellationToken.None).AsTask());
        Result(Kept.Newest.SnapshotAsync().AsTask());
        CheckReads();
        Count("facts", _facts.Count);

        // Only the cells of the current version are left, and each part is named by its group.
        var build = Kept.Newest.Checkpoint.Stored!.Build;
        Require(Names(ProjectionCells.Bucket).SequenceEqual(["builds", "current/by-key", ProjectionCells.Version("by-key", _definition.Version)]), "cells of another version are left");
        for (var other = 1; other <= build; other++)
            if (other != build) Require(Names(ProjectionCells.Groups(other)).Count + Names(ProjectionCells.Parts(other)).Count == 0, "cells of another build are left");
        var generations = Names(ProjectionCells.Groups(build)).Select(key => GroupHead.Read(Result(_ledger.ReadCellAsync(ProjectionCells.Groups(build), key).AsTask())!.Value).Generation).Where(static generation => generation > 0).ToHashSet();
        Count("groups in parts", generations.Count);
        var journal = Result(_ledger.ReadCellAsync(ProjectionCells.Parts(build), ProjectionCells.Journal).AsTask()) is { } cell ? PartsJournal.Read(cell.Value) : default;
        foreach (var part in Names(ProjectionCells.Parts(build)).Where(static name => name != ProjectionCells.Journal))
        {
            var generation = long.Parse(part.Split('/')[0], CultureInfo.InvariantCulture);
            Require(generations.Contains(generation) || generation == journal.Generation || generation == journal.OldGeneration, "a part is left that no group names");
        }

        var switches = Result(_ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Current("by-key")).AsTask())!.Version.Value;
        Require(switches <= _definition.Version + Counts.GetValueOrDefault(nameof(LedgerNotice.ProjectionRebuilt)), "a version has become the current one twice");
        _ledger.Dispose();
    }

    List<string> Names(string bucket)
    {
        var names = new List<string>();
        var cells = _ledger!.ListCellNamesAsync(bucket).GetAsyncEnumerator();
        while (Result(cells.MoveNextAsync().AsTask())) names.Add(cells.Current.Name);
        return names;
    }

    T Result<T>(Task<T> task)
    {
        Finish(task);
        return task.GetAwaiter().GetResult();
    }

    void Result(Task task)
    {
        Finish(task);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs the workers and answers in any order until a task is complete. The process may end before each step.</summary>
    void Finish(Task task)
    {
        for (var idle = 0; !task.IsCompleted && idle < 50;)
        {
            if (_mayKill && _random.Next(80) == 0) throw new PowerLostException("Between two steps");
            var hasRun = false;
            if (_scheduler.Completions.Count > 0 && _random.Next(2) == 0)
            {
                _scheduler.RunCompletion(_random.Next(_scheduler.Completions.Count));
                hasRun = true;
            }
            else
            {
                hasRun = _scheduler.Step(Workers[_random.Next(Workers.Length)]) || _scheduler.Completions.Count > 0;
            }

            idle = hasRun ? 0 : idle + 1;
        }

        Require(task.IsCompleted, "a call hangs");
    }

    /// <summary>Some states are so large that they have parts.</summary>
    static Tally Pad(Tally tally) => tally with { Padding = new string('x', tally.Last > 250 ? (int)tally.Last : 0) };

    static void Require(bool holds, string what)
    {
        if (!holds) throw new SimulationFailure(what);
    }

    void Count(string what, int times = 1) => Counts[what] = Counts.GetValueOrDefault(what) + times;
}
