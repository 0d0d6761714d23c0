using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>One seed: the real engine on a failing disk, compared with a model.</summary>
/// <remarks>
/// Everything runs on one thread. The seed draws the next operation, the worker that takes a step, the time of each completion,
/// the I/O that fails and how, and the moment of a power cut. Nothing else is random, so a seed replays exactly.
/// </remarks>
internal sealed partial class SimulationRun
{
    const string Root = SimulatedLedgers.Root;
    const int Operations = 240;

    readonly Random _random;
    readonly SimulatedDisk _disk;
    readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    readonly SimulationCounts _counts;
    readonly PlantedMistake _mistake;
    readonly TextWriter? _trace;
    readonly RequestShape _shape;
    readonly Requests _requests;
    readonly int _memoryFactsMax;
    readonly TimeSpan _quiet;
    readonly long _memoryBytesMax;
    readonly long _rebuiltAtOnceMax;
    readonly bool _maps;
    readonly long _followerBytesMax;
    readonly List<SentAppend> _sent = [];
    readonly List<SentAppend> _unchecked = [];
    readonly HashSet<AppendRequest> _maybe = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<AppendRequest, AppendReceipt> _acknowledged = new(ReferenceEqualityComparer.Instance);
    readonly ModelFacts _model = new();
    readonly List<ModelFollower> _followers = [];
    readonly AnswerComparison _answers;
    readonly ReadComparison _reads;
    ManualScheduler _scheduler = new();
    IFileSystem? _files;
    Ledger? _ledger;
    Ledger? _reader;
    long _shown;
    long _answeredBeforeReader;
    bool _isFaulty;
    bool _isRecognised;

    /// <summary>Whether a manifest exists that only the ledger itself has changed.</summary>
    bool _hasManifest;
    LedgerId? _id;

    /// <summary>Whether the writer has failed since the open.</summary>
    bool _hasFailed;

    public SimulationRun(int seed, SimulationCounts counts, PlantedMistake? mistake = null, TextWriter? trace = null)
    {
        _random = new Random(seed);
        _disk = new SimulatedDisk(seed) { Trace = trace };
        _shape = _random.Next(200) switch { < 30 => RequestShape.FewStreams, < 36 => RequestShape.ManyTerms, 36 => RequestShape.Large, _ => RequestShape.Usual };
        _requests = new Requests(_random, _shape);
        _memoryFactsMax = _random.Next(3) switch { 0 => 8, 1 => 40, _ => 150 };
        _quiet = _random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1);
        _memoryBytesMax = (seed % 3) switch { 0 => 2_000, 1 => 6_000, _ => 8 * 1_024 * 1_024 }; // of cells and append ids alone, too
        _rebuiltAtOnceMax = seed % 5 < 2 ? 0 : 65_536;
        _maps = _random.Next(2) == 0;
        _followerBytesMax = _random.Next(2) == 0 ? 4_096 : 8 * 1_024 * 1_024;
        _disk.ChecksMappedBytes = path => path.Contains("/segments/", StringComparison.Ordinal) && _ledger is not { Opening.RecoveryIsPending: true };
        _counts = counts;
        _mistake = mistake ?? PlantedMistake.None;
        _trace = trace;
        _answers = new AnswerComparison(_model, counts);
        _reads = new ReadComparison(_model, _requests, _random, _clock, counts);
    }

    public SimulatedDisk Disk => _disk;

    public void Run()
    {
        if (_random.Next(4) == 0) _disk.Faults.At(_random.Next(1, 40), Crash());
        for (var i = 0; i < Operations; i++) Guarded(Step);

        // Every run ends with a machine without faults, which opens the ledger and finds everything.
        _disk.Faults.Clear();
        _disk.CapacityBytes = long.MaxValue;
        _isFaulty = false;
        _throwsIn = 0;
        Guarded(End);
        EnsureOpen(withoutFaults: true);
        if (_ledger!.Opening.RecoveryIsPending) WaitForRoom();
        _reads.All(_ledger!);
        foreach (var follower in _followers) FollowToTheEnd(follower);
        CheckRuns();
        FailIfWorkerStopped();
        _counts.Count($"seed of requests {_shape}");
        _counts.Count(_maps ? "seed mapped" : "seed not mapped");
        _counts.Add(_disk.FaultCounts);
    }

    /// <summary>The index agrees with the log, whatever was written, merged and rebuilt.</summary>
    void CheckRuns()
    {
        var report = StorageEngine.Verify(_disk.FileSystem, Root, new VerifyOptions { Deep = true }, progress: null, default);
        var wrong = report.Damage.FirstOrDefault(static one => one.File.EndsWith(".run", StringComparison.Ordinal));
        SimulationFailure.When(wrong is not null, $"a run is not what the log says: {wrong}");
        _counts.Count("run compared", report.RunsCompared ?? 0);
        _counts.Count("run of cells alone", ((FileStorage)_ledger!.Storage).Runs().Count(static run => run.Footer.Facts == 0));
    }

    void Step()
    {
        if (_ledger is null)
        {
            EnsureOpen(withoutFaults: false);
            return;
        }

        if (_ledger.Opening.RecoveryIsPending)
        {
            WaitForRoom();
            return;
        }

        if (!_isRecognised)
        {
            TryRecognise();
            return;
        }

        switch (_random.Next(100))
        {
            case < 34: if (_random.Next(8) == 0) Decide(); else Send(); break;
            case < 58: Write(); break;
            case < 68: Answer(); break;
            case < 70: _scheduler.Step("factstone zeroing"); break;
            case < 72: StepIndex(); break;
            case < 77: Check(); break;
            case < 80: CheckThrough(); break;
            case < 83: CheckReader(); break;
            case < 85: Follow(); break;
            case < 86: if (_random.Next(2) == 0) DeleteLock(); else MoveAway(); break;
            case < 87: if (_random.Next(2) == 0) Remember(); else MoveClock(); break;
            case < 88: if (_random.Next(3) == 0) DrawThrow(); else MoveClock(); break;
            case < 93: DrawFault(); break;
            case < 94: if (_random.Next(2) == 0) Fill(); else BackUp(); break;
            case < 95: Close(); break;
            case < 96: Age(); break;
            case < 97: Examine(); break;
            case < 99: Crash(isPowerLoss: _random.Next(2) == 0); break;
            default: CheckOnce(); break;
        }
    }

    /// <summary>
    /// The disk is too full to recover. Reads return what was published, and appends
    /// are refused. When there is room, the first append completes the recovery.
    /// </summary>
    void WaitForRoom()
    {
        var head = Sync(_ledger!.GetHeadAsync()).Value;
        Excused(() => _reads.Same([.. Facts(_ledger.ReadAsync()).Take((int)_model.Head)], [.. _model.All.Take((int)head)], _ledger));
        if (_random.Next(2) == 0)
        {
            _disk.Faults.Clear();
            _disk.CapacityBytes = long.MaxValue;
        }

        try
        {
            _ledger.Storage.Appending!.Begin();
        }
        catch (FactstoneException refused) when (IsExcused(refused))
        {
            // Perhaps the recovery is complete, and the append was refused only because a run could not be written.
            _counts.Count("recovery refused");
            if (_ledger.Opening.RecoveryIsPending) return;
        }

        TryRecognise();
    }

    /// <summary>Runs an action during which the process may die.</summary>
    void Guarded(Action action)
    {
        try
        {
            action();
            FailIfWorkerStopped();

            // A crash within an append reaches the caller as an exception of the append.
            if (_ledger is not null && !ReferenceEquals(_files, _disk.FileSystem)) throw new PowerLostException("The process died in an append");
        }
        catch (PowerLostException)
        {
            Died();
        }
        catch (Exception other) when (other is not SimulationFailure && (_failure is not null || _disk.MappingFault is not null))
        {
            // Reported below.
        }

        if (_failure is not null) throw _failure;
        SimulationFailure.When(_disk.MappingFault is not null, _disk.MappingFault!);
    }

    void End()
    {
        if (_ledger is null) return;
        Close();
    }

    void Send()
    {
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            var request = _requests.Draw(_model);
            var sent = new SentAppend(request, _model.Head, _model.Count);
            _trace?.WriteLine($"send {_requests.All.Count - 1}: {request.Facts.Count} facts, {request.Cells.Count} cells, id {request.AppendId}, {string.Join(" and ", request.Conditions)}");
            _counts.Appends++;
            _sent.Add(sent);
            try
            {
                sent.Task = _ledger!.TryAppendAsync(request).AsTask();
            }
            catch (FactstoneException refused) when (IsExcused(refused))
            {
                sent.Task = Task.FromException<AppendOutcome>(refused);
            }
        }
    }

    void Write()
    {
        _scheduler.Step("factstone writer");
        if (_random.Next(3) > 0) Answer();
    }

    /// <summary>Runs some of the pending completions in any order.</summary>
    void Answer()
    {
        for (var i = _random.Next(_scheduler.Completions.Count + 1); i > 0 && _scheduler.Completions.Count > 0; i--) RunCompletion();
    }

    /// <summary>A crash during a completion reaches the caller as an exception. The process is dead all the same.</summary>
    void RunCompletion()
    {
        _scheduler.RunCompletion(_random.Next(_scheduler.Completions.Count));
        if (!ReferenceEquals(_files, _disk.FileSystem)) throw new PowerLostException("The process died in an answer");
    }

    /// <summary>Completes everything that was sent and adds the results to the model.</summary>
    void Settle()
    {
        for (var turn = 0; turn < 8 || _sent.Exists(static sent => !sent.Task.IsCompleted); turn++)
        {
            SimulationFailure.When(turn > 1_000, "an append was never answered");
            while (_scheduler.Step("factstone writer")) { }
            while (_scheduler.Completions.Count > 0) RunCompletion();
        }

        TakeAnswers();
        TakeDecisions();
    }

    /// <summary>Adds the completed appends to the model. The writer does not run.</summary>
    void TakeDueAnswers()
    {
        while (_scheduler.Completions.Count > 0) RunCompletion();
        TakeAnswers();
    }

    /// <summary>
    /// Adds committed appends to the model in order of time; each must have been valid at its place. After a crash, the answers of earlier
    /// appends may be lost, so only the next open can tell.
    /// </summary>
    void TakeAnswers(bool hasDied = false)
    {
        var answered = _sent.Where(sent => sent.Task.IsCompleted).ToList();
        foreach (var (sent, receipt) in answered.Where(sent => sent.Task.IsCompletedSuccessfully && sent.Task.Result is AppendOutcome.Committed)
            .Select(sent => (sent, ((AppendOutcome.Committed)sent.Task.Result).Receipt)).OrderBy(one => one.Receipt.RecordedAt))
        {
            if (hasDied)
            {
                _acknowledged.Add(sent.Request, receipt);
                _maybe.Add(sent.Request);
                _shown = Math.Max(_shown, receipt.LastPosition.Value);
                continue;
            }

            var failing = sent.Request.Conditions.FirstOrDefault(condition => !_model.Holds(condition));
            SimulationFailure.When(failing is not null, $"committed at {receipt.FirstPosition} although not: {failing}");
            SimulationFailure.When(receipt.FirstPosition.Value != _model.Head + 1, $"committed at {receipt.FirstPosition}, and the model's head is {_model.Head}");
            SimulationFailure.When(sent.Request.AppendId is { } id && _model.Appends.ContainsKey(id), $"append id {sent.Request.AppendId} was committed twice");
            SimulationFailure.When(receipt.RecordedAt <= _model.LastTime, "time did not go on");
            _model.Add(sent.Request, receipt.RecordedAt);
            foreach (var (stream, version) in receipt.Versions)
                SimulationFailure.When(_model.Stream(stream)[^1].Version != version.Value, $"the receipt says {stream} v{version}");
            SimulationFailure.When(receipt.CellVersions.Count != sent.Request.Cells.Count, $"the receipt names {receipt.CellVersions.Count} cells");
            foreach (var (cell, version) in receipt.CellVersions)
                SimulationFailure.When(_model.Cells.Writes(cell).Count != version.Value, $"the receipt says cell {cell} v{version}");
            _counts.Count(sent.Request.Facts.Count == 0 ? "committed cells only" : "committed");
        }

        _hasFailed |= answered.Exists(static sent => sent.Task.Exception?.InnerException is LedgerFailedException || (sent.Task.IsCompletedSuccessfully && sent.Task.Result is AppendOutcome.Unknown));
        _unchecked.AddRange(answered);
        foreach (var sent in answered.Where(sent => sent.IsOpen)) _maybe.Add(sent.Request);
        if (!hasDied) CheckRefusals(); // after a crash only the next open tells what they were decided on
        _sent.RemoveAll(sent => sent.Task.IsCompleted);
        _shown = Math.Max(_shown, _model.Head);
    }

    void CheckRefusals()
    {
        foreach (var sent in _unchecked) _answers.Check(sent, _ledger?.Id.Tag ?? 0);
        _unchecked.Clear();
    }
}
