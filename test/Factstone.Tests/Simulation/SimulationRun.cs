using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>One seed: the real engine on a disk that fails, beside a model that does not.</summary>
/// <remarks>
/// Everything runs on one thread. What is drawn: which operation comes next, which worker takes a step, when an answer
/// is given, which I/O fails and how, and where the power goes. Nothing else decides anything, so a seed replays exactly.
/// </remarks>
internal sealed class SimulationRun
{
    const string Root = SimulatedLedgers.Root;
    const int Operations = 240;

    readonly Random _random;
    readonly SimulatedDisk _disk;
    readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    readonly SimulationCounts _counts;
    readonly Defect _defect;
    readonly TextWriter? _trace;
    readonly Requests _requests;
    readonly int _memoryFactsMax;
    readonly TimeSpan _quiet;
    readonly long _memoryBytesMax;
    readonly List<SentAppend> _sent = [];
    readonly List<SentAppend> _unchecked = [];
    readonly HashSet<AppendRequest> _maybe = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<AppendRequest, AppendReceipt> _acknowledged = new(ReferenceEqualityComparer.Instance);
    readonly ModelFacts _model = new();
    readonly List<ModelFollower> _followers = [];
    readonly AnswerComparison _answers;
    readonly ReadComparison _reads;
    ManualCrank _crank = new();
    IFileSystem? _files;
    Ledger? _ledger;
    Ledger? _reader;
    long _shown;
    long _answeredBeforeReader;
    bool _isFaulty;
    LedgerId? _id;

    public SimulationRun(int seed, SimulationCounts counts, Defect defect = Defect.None, TextWriter? trace = null)
    {
        _random = new Random(seed);
        _disk = new SimulatedDisk(seed) { Trace = trace };
        _requests = new Requests(_random);
        _memoryFactsMax = _random.Next(3) switch { 0 => 8, 1 => 40, _ => 150 };
        _quiet = _random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1);
        _memoryBytesMax = (seed % 3) switch { 0 => 2_000, 1 => 6_000, _ => 8 * 1_024 * 1_024 }; // of cells and append ids alone, too
        _counts = counts;
        _defect = defect;
        _trace = trace;
        _answers = new AnswerComparison(_model, counts);
        _reads = new ReadComparison(_model, _requests, _random, _clock, counts);
    }

    public SimulatedDisk Disk => _disk;

    public void Run()
    {
        if (_random.Next(4) == 0) _disk.Faults.At(_random.Next(1, 40), Crash());
        for (var i = 0; i < Operations; i++) Guarded(Step);

        // Whatever happened, it ends well: a machine without faults opens the ledger and finds everything.
        _disk.Faults.Clear();
        _disk.CapacityBytes = long.MaxValue;
        _isFaulty = false;
        Guarded(End);
        EnsureOpen(withoutFaults: true);
        if (_ledger!.Opening.RecoveryIsPending) WaitForRoom();
        _reads.All(_ledger!);
        foreach (var follower in _followers) FollowToTheEnd(follower);
        CheckRuns();
        _counts.Add(_disk.FaultCounts);
    }

    /// <summary>Whatever was written, merged and made again, the index says what the log says.</summary>
    void CheckRuns()
    {
        var report = LedgerVerification.Run(_disk.FileSystem, Root, new VerifyOptions { Deep = true }, progress: null, default);
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

        switch (_random.Next(100))
        {
            case < 34: Send(); break;
            case < 58: Write(); break;
            case < 68: Answer(); break;
            case < 70: _crank.Step("factstone zeroing"); break;
            case < 72: StepIndex(); break;
            case < 80: Check(); break;
            case < 83: CheckReader(); break;
            case < 85: Follow(); break;
            case < 88: MoveClock(); break;
            case < 93: DrawFault(); break;
            case < 94: Fill(); break;
            case < 96: Close(); break;
            case < 97: Examine(); break;
            case < 99: Crash(isPowerLoss: _random.Next(2) == 0); break;
            default: CheckOnce(); break;
        }
    }

    /// <summary>The disk is too full to recover: what was published is read, appends are refused; and when there is room, the first one finds everything.</summary>
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
            _ledger.Storage.BeginAppend();
        }
        catch (FactstoneException refused) when (IsExcused(refused))
        {
            _counts.Count("recovery refused");
            return;
        }

        Recognise();
    }

    /// <summary>Runs something that the process may not survive.</summary>
    void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (PowerLostException)
        {
            Died();
        }
    }

    void End()
    {
        if (_ledger is null) return;
        Close();
    }

    // ---- appends ----

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
        _crank.Step("factstone writer");
        if (_random.Next(3) > 0) Answer();
    }

    /// <summary>Gives some of the answers that are due, in any order.</summary>
    void Answer()
    {
        for (var i = _random.Next(_crank.Completions.Count + 1); i > 0; i--) RunCompletion();
    }

    /// <summary>A crash while an answer is made reaches whoever waits for it as an exception; the process is dead all the same.</summary>
    void RunCompletion()
    {
        _crank.RunCompletion(_random.Next(_crank.Completions.Count));
        if (!ReferenceEquals(_files, _disk.FileSystem)) throw new PowerLostException("The process died in an answer");
    }

    /// <summary>Finishes all that was sent and takes the answers into the model.</summary>
    void Settle()
    {
        for (var turn = 0; turn < 8; turn++)
        {
            while (_crank.Step("factstone writer")) { }
            while (_crank.Completions.Count > 0) RunCompletion();
        }

        SimulationFailure.When(_sent.Any(sent => !sent.Task.IsCompleted), "an append was never answered");
        TakeAnswers();
    }

    /// <summary>Committed appends go into the model in order of time; each must have been right there. After a crash, answers of some before them may be lost, and only the open tells.</summary>
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

    // ---- reads ----

    /// <summary>Everything sent is answered, and then a few reads of every kind say what the model says.</summary>
    void Check()
    {
        Settle();
        Excused(() => _reads.Some(_ledger!, _model.Head));
    }

    /// <summary>A read while appends are on their way: the head may be ahead of the answers, never of the disk.</summary>
    void CheckOnce()
    {
        Excused(() =>
        {
            var head = Sync(_ledger!.GetHeadAsync()).Value;
            SimulationFailure.When(head < _shown, $"the head went back from {_shown} to {head}");
            _shown = head;
            foreach (var fact in Facts(_ledger!.ReadAsync(new ReadOptions { Backward = true, Limit = 5 })))
                if (fact.Position.Value <= _model.Head) FactComparison.Same(fact, _model.All[(int)fact.Position.Value - 1], _model, _ledger!.Id.Tag);
        });
    }

    /// <summary>Another process reads: it sees at least what was answered before it looked, at most what is durable, and that exactly.</summary>
    void CheckReader()
    {
        Excused(() =>
        {
            if (_reader is null || _random.Next(3) == 0)
            {
                _reader?.Dispose();
                LoseFollowers(_reader, isClosed: true);
                _reader = null;
                var files = _disk.StartProcess();
                _reader = Ledger.Open(FileStorage.OpenReadOnly(files, Root, Options().ToStorageOptions()), Options());
            }

            var head = Sync(_reader.GetHeadAsync()).Value;
            _counts.Count("reader");
            Settle();
            SimulationFailure.When(head > _model.Head, $"a reader saw {head}, and {_model.Head} is durable");
            SimulationFailure.When(head < _answeredBeforeReader, $"a reader saw {head}, and {_answeredBeforeReader} had been answered");
            _answeredBeforeReader = _model.Head;
            if (head > 0) ReadSomeOfReader(head);
        });
    }

    void ReadSomeOfReader(long head)
    {
        var facts = Facts(_reader!.ReadAsync(new ReadOptions { AsOf = LedgerTime.AtPosition(new Position(head)), From = new Position(Math.Max(1, head - 20)) }));
        _reads.Same(facts, [.. _model.All.Skip((int)Math.Max(0, head - 21)).Take((int)(head - Math.Max(1, head - 20) + 1))], _reader!);
        _reads.Some(_reader!, head);
    }

    // ---- followers ----

    void Follow()
    {
        if (_followers.Count < 6 && _random.Next(2) == 0) Excused(BeginToFollow);
        for (var i = Math.Min(_followers.Count, 3); i > 0; i--) FollowSome(_followers[_random.Next(_followers.Count)]);
    }

    /// <summary>A follower takes a few facts, or all, in whatever process it is, while appends are on their way.</summary>
    void FollowSome(ModelFollower follower)
    {
        Excused(() =>
        {
            GoOn(follower, _reader is { } reader && _random.Next(3) == 0 ? reader : _ledger!);
            if (follower.Ledger is not null) follower.Take(_random.Next(4) == 0 ? int.MaxValue : _random.Next(1, 20));
        });

        // A fact that a follower was given is durable, answered or not.
        _shown = Math.Max(_shown, follower.Position);
        if (_random.Next(3) > 0) return;
        Settle();
        follower.Check(_model, _ledger!.Id.Tag);
        _counts.Count("followed");
    }

    void BeginToFollow()
    {
        var head = Sync(_ledger!.GetHeadAsync());
        var known = (int)Math.Min(head.Value, _model.Head);
        var (start, after, from) = _random.Next(4) switch
        {
            0 => (FollowStart.Now, head.Value, DateTimeOffset.MinValue),
            1 when known > 0 && _model.All[_random.Next(known)].RecordedAt is var time && time <= _clock.GetUtcNow() => (FollowStart.AtTime(time), 0, time),
            2 => FromPosition(_random.NextInt64(0, head.Value + 1)),
            _ => (FollowStart.Beginning, 0, DateTimeOffset.MinValue),
        };
        var query = _requests.Query();
        var options = new FollowOptions { From = start, BufferFacts = _random.Next(2) == 0 ? 1_000 : _random.Next(1, 5) };
        _followers.Add(new ModelFollower(_ledger.OpenFollower(query, options), _ledger, after, from));
    }

    static (FollowStart Start, long After, DateTimeOffset From) FromPosition(long after) => (FollowStart.After(new Position(after)), after, DateTimeOffset.MinValue);

    /// <summary>A follower whose process is gone, or that moves to another, goes on behind what it was given last.</summary>
    void GoOn(ModelFollower follower, Ledger ledger)
    {
        if (ReferenceEquals(follower.Ledger, ledger) || (follower.Ledger is not null && _random.Next(4) > 0)) return;
        follower.GoOn(ledger, _random.Next(2) == 0 ? 1_000 : _random.Next(1, 5));
        _counts.Count("followed on");
    }

    void FollowToTheEnd(ModelFollower follower)
    {
        if (!ReferenceEquals(follower.Ledger, _ledger)) follower.GoOn(_ledger!, 1_000);
        follower.Take(int.MaxValue);
        SimulationFailure.When(follower.Position != _model.Head, $"a follower came to {follower.Position}, and the head is {_model.Head}");
        follower.Check(_model, _ledger!.Id.Tag);
    }

    /// <summary>What they were in is gone; what was given stays given.</summary>
    void LoseFollowers(Ledger? ledger, bool isClosed)
    {
        foreach (var follower in _followers.Where(one => one.Ledger is not null && ReferenceEquals(one.Ledger, ledger))) follower.Lose(isClosed);
    }

    // ---- the world ----

    /// <summary>A merge is many steps, so at times it gets some of them in turn.</summary>
    void StepIndex()
    {
        for (var left = _random.Next(4) == 0 ? _random.Next(1, 40) : 1; left > 0 && _crank.Step("factstone index"); left--) { }
    }

    void MoveClock()
    {
        var by = _random.Next(6) switch { 0 => TimeSpan.FromSeconds(-_random.Next(5)), 1 => TimeSpan.FromHours(1), _ => TimeSpan.FromMilliseconds(_random.Next(50)) };
        if (by < TimeSpan.Zero) _clock.SetUtcNow(_clock.GetUtcNow() + by);
        else _clock.Advance(by);
    }

    /// <summary>Something will fail soon.</summary>
    void DrawFault()
    {
        var fault = (Fault)_random.Next(1, Enum.GetValues<Fault>().Length + 1);
        _disk.Faults.At(_disk.IoCount + _random.Next(1, 30), fault);
        if (fault is Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages && _random.Next(3) == 0) _disk.Faults.At(_disk.IoCount + _random.Next(1, 30), fault);
        // What a refused write has left must not come back after a crash.
        if (fault == Fault.NoSpace && _random.Next(2) == 0) _disk.Faults.At(_disk.IoCount + _random.Next(2, 40), Crash());
        _isFaulty = true;
    }


    void Fill()
    {
        if (_disk.CapacityBytes == long.MaxValue) _disk.CapacityBytes = _disk.UsedBytes + _random.Next(0, 40_000);
        else _disk.CapacityBytes = long.MaxValue;
        _isFaulty = true;
    }

    Fault Crash() => _random.Next(2) == 0 ? Fault.PowerLoss : Fault.ProcessKill;

    void Crash(bool isPowerLoss)
    {
        if (isPowerLoss) _disk.LosePower();
        else _disk.KillProcess();
        Died();
    }

    void Close()
    {
        if (!_ledger!.Opening.RecoveryIsPending) Settle();
        _ledger.Dispose();
        LoseFollowers(_ledger, isClosed: true);
        _ledger = null;
        ForgetReader();
        if (_random.Next(4) == 0) Lose();
    }

    /// <summary>Somebody deletes a file that can be made again.</summary>
    void Lose()
    {
        var path = $"{Root}/{(_random.Next(2) == 0 ? "HEAD" : "MANIFEST")}";
        if (!_disk.Paths.Contains(path)) return;
        _trace?.WriteLine($"delete {path}");
        _disk.Faults.Clear();
        _disk.FileSystem.Delete(path);
        _disk.FileSystem.SyncDirectory(Root);
    }

    /// <summary>A copy of the closed ledger is damaged; whoever opens that is told, or nothing is missing.</summary>
    void Examine()
    {
        Settle();
        if (_maybe.Count > 0) return; // what nobody knows of may show up in the copy
        Close();
        DamagedCopy.Examine(_disk, Root, _model, _random, _defect, Options(), _counts);
    }

    // ---- crash and recovery ----

    void Died()
    {
        _trace?.WriteLine("died");
        _disk.KillProcess(); // where only the reader's process was struck, the other one dies with it

        // Answers that were on their way may have arrived.
        while (_crank.Completions.Count > 0)
        {
            var index = _random.Next(_crank.Completions.Count);
            if (_random.Next(2) == 0) _crank.RunCompletion(index);
            else _crank.Completions.RemoveAt(index);
        }

        foreach (var sent in _sent.Where(sent => !sent.Task.IsCompleted)) _maybe.Add(sent.Request);
        _sent.RemoveAll(sent => !sent.Task.IsCompleted);
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
            // It died with the machine.
        }

        _reader = null;
        _answeredBeforeReader = 0;
    }

    void EnsureOpen(bool withoutFaults)
    {
        if (_ledger is not null) return;
        if (!withoutFaults && _random.Next(6) == 0) DrawFault();
        _crank = new ManualCrank();
        _files = _disk.FileSystem;
        var options = Options();
        try
        {
            _ledger = Ledger.Open(FileStorage.Open(_disk.FileSystem, Root, options.ToStorageOptions(), default), options);
        }
        catch (FactstoneException refused) when (IsExcused(refused))
        {
            _counts.Count("open refused");
            _disk.Faults.Clear();
            _disk.CapacityBytes = long.MaxValue;
            return;
        }

        SimulationFailure.When(_ledger.Damage.Count > 0, $"damage where there is none: {(_ledger.Damage is [var first, ..] ? first : null)}");
        SimulationFailure.When(_id is { } id && id != _ledger.Id, "it is another ledger");
        if (_model.Head > 0) _id = _ledger.Id;
        Excused(Recognise);
    }

    /// <summary>What was acknowledged is there; what else is there was sent and not answered, and is whole.</summary>
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
            var failing = request.Conditions.FirstOrDefault(condition => !_model.Holds(condition));
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

    /// <summary>Appends of cells only that nobody knew of and that are there: when, and under which id.</summary>
    IEnumerable<(long Time, string Id)> CellsOnlyThere()
    {
        foreach (var id in _maybe.Where(request => request.Facts.Count == 0).Select(request => request.AppendId!).Distinct().Where(id => !_model.Appends.ContainsKey(id)))
            if (Sync(_ledger!.FindAppendAsync(id)) is { Count: 0 } receipt) yield return (Microseconds.From(receipt.RecordedAt), id);
    }

    /// <summary>Which request it was: several may have had the same id, and only one of them can have been right there.</summary>
    AppendRequest CellsOnlyAt(long time)
    {
        var id = CellsOnlyThere().First(one => one.Time == time).Id;
        var stored = _ledger!.Storage.ReadAppendCells(id).Select(cell => cell.IsDelete ? NewCell.Delete(cell.Cell.Bucket, cell.Cell.Name) : NewCell.Put(cell.Cell.Bucket, cell.Cell.Name, cell.Value)).ToList();
        var candidates = _maybe.Where(request => request.AppendId == id && request.Facts.Count == 0 && AnswerComparison.IsSameCells(request.Cells, stored)).ToList();
        SimulationFailure.When(candidates.Count == 0, $"append {id} is there with other cells than were sent");
        return candidates.Find(_acknowledged.ContainsKey) ?? candidates.Find(request => request.Conditions.All(_model.Holds)) ?? candidates[0];
    }

    /// <summary>Runs something that may be refused while faults are about.</summary>
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
    }

    /// <summary>A failing disk excuses a refusal, never a wrong answer; and never damage, since nothing was damaged.</summary>
    bool IsExcused(Exception exception) => _isFaulty && IsRefusal(exception);

    internal static bool IsRefusal(Exception exception) => exception is LedgerIOException or LedgerFullException or LedgerFailedException;

    LedgerOptions Options() => new()
    {
        SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
        MemoryFactsMax = _memoryFactsMax,
        QuietBeforeMerging = _quiet,
        MemoryBytesMax = _memoryBytesMax,
        ZeroAheadBytesMin = 4_096,
        ZeroAheadBytesMax = 16_384,
        LockWait = TimeSpan.Zero,
        TimeProvider = _clock,
        Crank = _crank,
        Salts = new SeededSalts(_random),
        FileSystem = _disk.FileSystem,
        Took = _counts.Took,
        Defect = _defect,
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
