using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>The clock, faults, crashes, and recovery from them.</summary>
internal sealed partial class SimulationRun
{
    /// <summary>A merge takes many steps, so the index worker sometimes runs several in turn.</summary>
    void StepIndex()
    {
        for (var left = _random.Next(4) == 0 ? _random.Next(1, 40) : 1; left > 0 && _scheduler.Step("factstone index"); left--) { }
    }

    void MoveClock()
    {
        var by = _random.Next(6) switch { 0 => TimeSpan.FromSeconds(-_random.Next(5)), 1 => TimeSpan.FromHours(1), _ => TimeSpan.FromMilliseconds(_random.Next(50)) };
        if (by < TimeSpan.Zero) _clock.SetUtcNow(_clock.GetUtcNow() + by);
        else _clock.Advance(by);
    }

    /// <summary>Draws a fault for one of the next I/O calls.</summary>
    void DrawFault()
    {
        var fault = (Fault)_random.Next(1, Enum.GetValues<Fault>().Length + 1);
        _disk.Faults.At(_disk.IoCount + _random.Next(1, 30), fault);
        if (IsFailedSync(fault) && _random.Next(3) == 0) _disk.Faults.At(_disk.IoCount + _random.Next(1, 30), fault);
        // The bytes of a refused write must not reappear after a crash.
        if (fault == Fault.NoSpace && _random.Next(2) == 0) _disk.Faults.At(_disk.IoCount + _random.Next(2, 40), Crash());
        _isFaulty = true;
    }


    void Fill()
    {
        if (_disk.CapacityBytes == long.MaxValue) _disk.CapacityBytes = _disk.UsedBytes + _random.Next(0, 40_000);
        else _disk.CapacityBytes = long.MaxValue;
        _isFaulty = true;
    }

    static bool IsFailedSync(Fault fault) =>
        fault is Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages or Fault.SyncWithoutSpaceKeepingPages or Fault.SyncWithoutSpaceDroppingPages;

    Fault Crash() => _random.Next(2) == 0 ? Fault.PowerLoss : Fault.ProcessKill;

    void Crash(bool isPowerLoss)
    {
        if (isPowerLoss) _disk.LosePower();
        else _disk.KillProcess();
        Died();
    }

    void Close(bool loses = true)
    {
        if (!_ledger!.Opening.RecoveryIsPending) Settle();
        _isClosing = true;
        try
        {
            _ledger.Dispose();
        }
        finally
        {
            _isClosing = false;
        }

        LoseFollowers(_ledger, isClosed: true);
        _deciding.RemoveAll(static deciding => !deciding.Task.IsCompleted);
        _ledger = null;
        ForgetReader();
        if (loses && _random.Next(4) == 0) Lose();
    }

    /// <summary>Deletes a file that can be rebuilt.</summary>
    void Lose()
    {
        var path = $"{Root}/{(_random.Next(2) == 0 ? "HEAD" : "MANIFEST")}";
        if (!_disk.Paths.Contains(path)) return;
        _trace?.WriteLine($"delete {path}");
        _disk.Faults.Clear();
        _disk.FileSystem.Delete(path);
        if (path.EndsWith("MANIFEST", StringComparison.Ordinal)) _hasManifest = false;
        _disk.FileSystem.SyncDirectory(Root);
    }

    /// <summary>Damages a copy of the closed ledger. An open of the copy reports the damage, or nothing is missing.</summary>
    void Examine()
    {
        Settle();
        if (_maybe.Count > 0) return; // what nobody knows of may show up in the copy
        Close();
        DamagedCopy.Examine(_disk, Root, _model, _random, _mistake.Defect, OptionsOfCopy(), _counts);
    }

    /// <summary>
    /// Another process backs up the ledger during appends. When these have completed, the backup is compared, restored and appended to.
    /// </summary>
    void BackUp()
    {
        if (!_hasManifest) return; // a backup is refused until the next one is written
        var copy = new BackedUpCopy(_random, OptionsOfCopy(), _counts);
        Excused(() =>
        {
            var isQuiet = _random.Next(2) == 0;
            if (isQuiet) Settle();
            var (head, appends) = (_model.Head, _model.Count);
            BackupReport? report;
            try
            {
                report = copy.Copy(_disk.StartProcess(), () => Interleave(InterleavingPoint.BetweenPages));
            }
            catch (BackupRefusedException refused)
            {
                // The writer may have failed, and the completion that reports it may not have run yet.
                TakeDueAnswers();
                SimulationFailure.When(!_hasFailed, $"a backup was refused, and no writer has failed: {refused.Message}");
                _counts.Count("backup refused beside a failed writer");
                return;
            }

            if (report is null) return;
            Settle();
            SimulationFailure.When(report.Position.Value < head, $"a backup ends at {report.Position}, and {head} had been answered before");
            SimulationFailure.When(report.Position.Value > _model.Head, $"a backup ends at {report.Position}, and {_model.Head} is durable");
            copy.Check(report, _model, withCells: isQuiet && _model.Count == appends);
        });
    }

    void Died()
    {
        _trace?.WriteLine("died");
        _disk.KillProcess(); // where only the reader's process was struck, the other one dies with it

        // Pending completions may run.
        while (_scheduler.Completions.Count > 0)
        {
            var index = _random.Next(_scheduler.Completions.Count);
            if (_random.Next(2) == 0) _scheduler.RunCompletion(index);
            else _scheduler.Completions.RemoveAt(index);
        }

        foreach (var sent in _sent.Where(sent => !sent.Task.IsCompleted)) _maybe.Add(sent.Request);
        _sent.RemoveAll(sent => !sent.Task.IsCompleted);
        _deciding.RemoveAll(static deciding => !deciding.Task.IsCompleted);
        TakeAnswers(hasDied: true);
        LoseFollowers(_ledger, isClosed: false);
        _ledger = null;
        ForgetReader();
        _disk.Faults.Clear();
        _isFaulty = _disk.CapacityBytes != long.MaxValue;
        _counts.Count("crash");
    }

    void ForgetReader()
    {
        LoseFollowers(_reader, isClosed: false);
        try
        {
            _reader?.Dispose();
        }
        catch (PowerLostException)
        {
            // The reader died with the machine.
        }

        _reader = null;
        _answeredBeforeReader = 0;
    }

    void EnsureOpen(bool withoutFaults)
    {
        if (_ledger is not null) return;
        if (!withoutFaults && _random.Next(6) == 0) DrawFault();
        _scheduler = new ManualScheduler();
        _wasStopped = false;
        _files = _disk.FileSystem;
        var options = Options();
        try
        {
            _hasFailed = false;
            _ledger = Ledger.Open(FileStorage.Open(_mistake.Files?.Invoke(_disk.FileSystem) ?? _disk.FileSystem, Root, options.ToStorageOptions(), default), options);
            OpenDeciders();
        }
        catch (FactstoneException refused) when (IsExcused(refused))
        {
            _counts.Count("open refused");
            _disk.Faults.Clear();
            _disk.CapacityBytes = long.MaxValue;
            return;
        }
        catch (Exception refused) when (refused is not (SimulationFailure or MachineStoppedException))
        {
            throw new SimulationFailure($"the open was refused without a cause: {refused.Message}", refused);
        }

        SimulationFailure.When(_ledger.Damage.Count > 0, $"damage where there is none: {(_ledger.Damage is [var first, ..] ? first : null)}");
        SimulationFailure.When(_ledger.Opening.ManifestWasRebuilt && _hasManifest, "the manifest had to be made again, and nobody had taken it");
        _hasManifest = _disk.Names.Durable.Any(static entry => entry.Path == $"{Root}/MANIFEST"); // where there was no room for it or its name, the next one that is written says the same
        SimulationFailure.When(_id is { } id && id != _ledger.Id, "it is another ledger");
        if (_model.Head > 0) _id = _ledger.Id;
        _isRecognised = false;
        TryRecognise();
    }

    /// <summary>
    /// Compares the reopened ledger with the model. If a fault prevents the read, the next operation starts with this one.
    /// </summary>
    void TryRecognise() => Excused(() =>
    {
        Recognise();
        _isRecognised = !_ledger!.Opening.RecoveryIsPending;
    });

    /// <summary>
    /// Every acknowledged append is present. Every other append that is present was sent, was not acknowledged, and is whole.
    /// </summary>
    void Recognise()
    {
        var head = Sync(_ledger!.GetHeadAsync()).Value;
        var isPending = _ledger.Opening.RecoveryIsPending;
        SimulationFailure.When(head < _shown && !isPending, $"the head was {_shown}, and is {head} after the open");
        var facts = Facts(_ledger.ReadAsync(new ReadOptions { From = new Position(_model.Head + 1) }));
        if (isPending) return; // what is not shown yet is still on its way
        foreach (var (fact, expected) in Facts(_ledger.ReadAsync()).Zip(_model.All)) FactComparison.Same(fact, expected, _model, _ledger.Id.Tag);
        SimulationFailure.When(head < _model.Head && !isPending, $"{_model.Head} was acknowledged, and {head} is left");

        var batches = facts.GroupBy(fact => fact.RecordedAtMicroseconds).ToDictionary(batch => batch.Key, batch => batch.ToList());
        foreach (var (time, id) in CellsOnlyThere()) batches.Add(time, []);
        foreach (var (time, batch) in batches.OrderBy(one => one.Key))
        {
            var request = batch.Count == 0 ? CellsOnlyAt(time) : _requests.All[int.Parse(batch[0].Correlation!, System.Globalization.CultureInfo.InvariantCulture)];
            var number = _requests.IndexOf(request);
            SimulationFailure.When(!_maybe.Remove(request), $"request {number} is there, and was not committed");
            SimulationFailure.When(request.Facts.Count != batch.Count, $"request {number} has {request.Facts.Count} facts, and {batch.Count} are there");
            // A crash makes a decider forget on which appends it counted.
            var failing = request.Conditions.FirstOrDefault(condition => condition.CountsOn.Count == 0 && !_model.Holds(condition));
            SimulationFailure.When(failing is not null, $"request {number} is there, although not: {failing}");
            var wasAnswered = _acknowledged.Remove(request, out var receipt);
            SimulationFailure.When(wasAnswered && (receipt!.FirstPosition.Value != _model.Head + 1 || Microseconds.From(receipt.RecordedAt) != time), $"request {number} was committed as {receipt}, and is at {_model.Head + 1}");
            _model.Add(request, Microseconds.ToTime(time));
            foreach (var fact in batch) FactComparison.Same(fact, _model.All[(int)fact.Position.Value - 1], _model, _ledger.Id.Tag);
            _counts.Count(wasAnswered ? "recovered answered" : batch.Count == 0 ? "recovered unanswered cells only" : "recovered unanswered");
        }

        CellComparison.AllAreSame(_ledger, _model);
        SimulationFailure.When(_acknowledged.Count > 0, $"{_acknowledged.Count} acknowledged appends are lost");
        CheckRefusals();
        _maybe.Clear();
        _shown = _model.Head;
    }

    /// <summary>Appends without facts that are in the ledger and not in the model: the time and the id of each.</summary>
    IEnumerable<(long Time, string Id)> CellsOnlyThere()
    {
        foreach (var id in _maybe.Where(request => request.Facts.Count == 0).Select(request => request.AppendId!).Distinct().Where(id => !_model.Appends.ContainsKey(id)))
            if (Sync(_ledger!.FindAppendAsync(id)) is { Count: 0 } receipt) yield return (Microseconds.From(receipt.RecordedAt), id);
    }

    /// <summary>The request of such an append. Several may have had the same id; only one of them can have been valid there.</summary>
    AppendRequest CellsOnlyAt(long time)
    {
        var id = CellsOnlyThere().First(one => one.Time == time).Id;
        var stored = _ledger!.Storage.ReadAppendCells(id).Select(cell => cell.IsDelete ? NewCell.Delete(cell.Cell.Bucket, cell.Cell.Name) : NewCell.Put(cell.Cell.Bucket, cell.Cell.Name, cell.Value)).ToList();
        var candidates = _maybe.Where(request => request.AppendId == id && request.Facts.Count == 0 && AnswerComparison.IsSameCells(request.Cells, stored)).ToList();
        SimulationFailure.When(candidates.Count == 0, $"append {id} is there with other cells than were sent");
        return candidates.Find(_acknowledged.ContainsKey) ?? candidates.Find(request => request.Conditions.All(_model.Holds)) ?? candidates[0];
    }

    /// <summary>Runs an action that may be refused while faults occur.</summary>
    void Excused(Action action)
    {
        try
        {
            action();
        }
        catch (FactstoneException refused) when (IsExcused(refused))
        {
            _counts.Count("read refused");
        }
        catch (Exception other) when (other is not (SimulationFailure or MachineStoppedException))
        {
            throw new SimulationFailure($"a read ended without an answer: {other.Message}", other);
        }
    }

    /// <summary>
    /// A failing disk excuses a refusal. It never excuses a wrong answer, or a report of damage, because nothing is damaged.
    /// </summary>
    bool IsExcused(Exception exception) => (_isFaulty && IsRefusal(exception)) || (_wasStopped && exception is LedgerIndexException);

    internal static bool IsRefusal(Exception exception) => exception is LedgerIOException or LedgerFullException or LedgerFailedException;

    /// <summary>Options for a copy that no other thread uses.</summary>
    LedgerOptions OptionsOfCopy() => Options() with { Interleave = null, BranchTaken = _counts.BranchTaken, Notice = null };

    LedgerOptions Options() => new()
    {
        SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
        MemoryFactsMax = _memoryFactsMax,
        IdleBeforeMerging = _quiet,
        RebuiltAtOnceMax = _rebuiltAtOnceMax,
        MemoryBytesMax = _memoryBytesMax,
        PreallocationBytesMin = 4_096,
        PreallocationBytesMax = 16_384,
        LockWait = TimeSpan.Zero,
        TimeProvider = _clock,
        Scheduler = _scheduler,
        Salts = new SeededSalts(_random),
        FileSystem = _disk.FileSystem,
        BranchTaken = BranchTaken,
        Interleave = Interleave,
        Notice = Notice,
        MappedReads = _maps,
        FollowerBytesMax = _followerBytesMax,
        Defect = _mistake.Defect,
    };

    internal static T Sync<T>(ValueTask<T> task)
    {
        SimulationFailure.When(!task.IsCompleted, "a read waits for another thread");
        return task.GetAwaiter().GetResult();
    }

    internal static List<Fact> Facts(IAsyncEnumerable<Fact> facts)
    {
        var all = new List<Fact>();
        var enumerator = facts.GetAsyncEnumerator();
        while (Sync(enumerator.MoveNextAsync())) all.Add(enumerator.Current);
        Invariant.Holds(enumerator.DisposeAsync().IsCompleted);
        return all;
    }
}
