using System.Collections.Immutable;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Projections;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Together;

/// <summary>
/// One seed: streams, records, key/value entries, decisions, projections of all lifetimes, truncation, append ids and blobs together, against a
/// plain model, on a disk that fails and loses its power, with reopens, restores from backups and index rebuilds.
/// </summary>
/// <remarks>One thread; the seed decides everything. An append has completed when its call returns, and may end with the process at any I/O before.</remarks>
internal sealed partial class TogetherRun(int seed, PlantedMistakeTogether mistake = PlantedMistakeTogether.None)
{
    static readonly Projection<Tally> V1 = ProjectionLedger.ByKey with { Source = FactQuery.Store("n"), GroupsInMemoryMax = 3 };
    static readonly Projection<Tally> V2 = V1 with { Version = 2, Replaces = V1, Step = static (tally, fact) => Tally.Step(Tally.Step(tally, fact), fact) };

    /// <summary>Its stream is truncated, so that it cannot always be built again.</summary>
    static readonly Projection<Tally> Cut = ProjectionLedger.ByKey with { Name = "cut", Source = FactQuery.Store("t"), GroupBy = null };

    readonly Random _random = new(seed);
    readonly SimulatedDisk _disk = new(seed);
    readonly ManualTimeProvider _clock = new();
    readonly List<(string Root, PlainLedger Model)> _backups = [];
    string _root = SmallLedger.Root;
    PlainLedger _model = PlainLedger.Empty;
    PlainLedger? _maybe; // the model with the append whose outcome nobody knows
    Projection<Tally> _numbers = V1;
    Ledger? _ledger;
    int _copies;
    bool _isRestored;

    /// <summary>What has happened, to show that the run does what it is for.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task RunAsync()
    {
        var lives = _random.Next(2, 7);
        for (var life = 0; life < lives; life++)
        {
            if (life >= lives / 2) _numbers = V2;
            await LiveAsync();
            if (_random.Next(4) == 0) RebuildIndex();
            if (_random.Next(4) == 0) Restore();
        }

        await FinishAsync();
    }

    /// <summary>From an open to a close, a crash or a failed disk.</summary>
    async Task LiveAsync()
    {
        try
        {
            if (_random.Next(3) > 0) DrawFault();
            await OpenAsync();
            if (_ledger!.Opening.RecoveryIsPending)
            {
                Count("recovery pending");
                Die(); // it shows what was published, until an append finds a disk that has space
                return;
            }

            await SettleAsync();
            for (var steps = _random.Next(4, 40); steps > 0; steps--)
            {
                await StepAsync();
                if (_maybe is not null) break;
            }

            if (_random.Next(3) == 0) await CloseAsync();
            else Die();
        }
        catch (Exception ended) when (ended is MachineStoppedException or FactstoneException)
        {
            Count($"ended by {ended.GetType().Name}");
            Die();
        }
    }

    async Task OpenAsync()
    {
        Projection numbers = _numbers with { SnapshotEvery = _random.Next(1, 30), Replaces = _numbers.Replaces };
        var cut = Cut with { SnapshotEvery = _random.Next(1, 30) };
        var isInline = _random.Next(2) == 0;
        var files = mistake == PlantedMistakeTogether.NamesOfBlobsNotSynced ? new UnsyncedNames(_disk.FileSystem) : _disk.FileSystem;
        _ledger = await Ledger.OpenAsync(_root, SmallLedger.Options(files) with
        {
            TimeProvider = _clock,
            Salts = new SeededSalts(_random),
            MemoryFactsMax = _random.Next(4, 48),
            InlineProjections = isInline ? [numbers] : [],
            AsyncProjections = isInline ? [cut] : [numbers, cut],
            ProjectionLimits = new ProjectionLimits { IsManual = true, FactsPerBatch = _random.Next(1, 8), BatchesPerTurn = 1, CellsPerAppend = _random.Next(1, 5), PartBytes = 150 },
        }, Cancellation);
        Count(isInline ? "open, inline" : "open, async");
    }

    /// <summary>After an open, an append whose outcome was unknown is in the ledger or not, and everything else is as it was.</summary>
    async Task SettleAsync()
    {
        if (_maybe is { } maybe)
        {
            var isCommitted = await DifferenceAsync(_model) is not null;
            if (isCommitted) _model = maybe;
            _maybe = null;
            Count(isCommitted ? "unknown, committed" : "unknown, not committed");
        }

        if (await DifferenceAsync(_model) is { } difference) throw new SimulationFailure(difference);
        await LearnPositionsAsync();
        if (_isRestored) Count("restored ledger compared");
        _isRestored = false;
    }

    async Task CloseAsync()
    {
        await _ledger!.DisposeAsync();
        Count("closed");
        Forget();
    }

    void Die()
    {
        if (_random.Next(2) == 0) _disk.LosePower();
        else _disk.KillProcess();
        Forget();
    }

    void Forget()
    {
        _disk.Faults.Clear();
        _ledger = null;
    }

    void DrawFault()
    {
        var fault = (Fault)_random.Next(1, Enum.GetValues<Fault>().Length + 1);
        _disk.Faults.At(_disk.IoCount + _random.Next(1, 400), fault);
        if (fault is Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages) _disk.Faults.At(_disk.IoCount + _random.Next(1, 300), fault); // twice, and an outcome is unknown
    }

    void RebuildIndex()
    {
        var index = new LedgerLayout(_root).Index;
        var files = _disk.Paths.Where(path => path.StartsWith($"{index}/", StringComparison.Ordinal)).ToList();
        if (files.Count == 0) return;
        foreach (var path in files)
            if (_random.Next(3) > 0) _disk.FileSystem.Delete(path);
        _disk.FileSystem.SyncDirectory(index);
        Count("index deleted");
    }

    /// <summary>Goes on with a copy of the ledger as it was at a backup.</summary>
    void Restore()
    {
        if (_backups.Count == 0) return;
        var (backup, model) = _backups[_random.Next(_backups.Count)];
        var target = $"restored-{++_copies}";
        LedgerRestore.Run(_disk.FileSystem, new LedgerLayout(backup), _disk.FileSystem, new LedgerLayout(target), CopyOptions(), progress: null, Cancellation);
        if (model.Dropped.Count < _model.Dropped.Count) Count("dropped facts brought back");
        (_root, _model, _maybe, _isRestored) = (target, model, null, true);
        Count("restored");
    }

    void BackUp()
    {
        var target = $"backup-{++_copies}";
        _disk.Faults.Clear();
        LedgerBackup.Run(_disk.StartProcess(), new LedgerLayout(_root), _disk.FileSystem, new LedgerLayout(target), CopyOptions(), progress: null, Cancellation);
        _backups.Add((target, _model));
        Count("backup");
    }

    StorageOptions CopyOptions() => (SmallLedger.Options(_disk.FileSystem) with { TimeProvider = _clock, Salts = new SeededSalts(_random) }).ToStorageOptions();

    /// <summary>Without faults, everything is compared, and the newest version of the projection becomes current.</summary>
    async Task FinishAsync()
    {
        await OpenAsync();
        await SettleAsync();
        foreach (var kept in Kept)
        {
            await kept.BuildAsync(Cancellation);
            await kept.PromoteAsync(Cancellation);
            await kept.CleanUpAsync(Cancellation);
        }

        await CompareProjectionsAsync();
        await CloseAsync();
        await OpenAsync();
        await SettleAsync();
        await CompareProjectionsAsync();
        Count("facts", _model.Ever.Count);
        await CloseAsync();
    }

    IEnumerable<KeptProjection> Kept => ((IProjectionSource)_ledger!).Projections!.All.OrderBy(static kept => kept.Definition.Name, StringComparer.Ordinal);

    static void Require(bool holds, string what)
    {
        if (!holds) throw new SimulationFailure(what);
    }

    void Count(string what, int times = 1)
    {
        Counts[what] = Counts.GetValueOrDefault(what) + times;
        Trace?.WriteLine(FormattableString.Invariant($"{what} (facts {_model.Ever.Count}, io {_disk.IoCount}, {(_maybe is null ? "" : "maybe")})"));
    }

    public TextWriter? Trace { get => field; init { field = value; _disk.Trace = value; } }
}
