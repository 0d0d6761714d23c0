using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Consumers;

/// <summary>
/// One seed: random appends, and two owners of one consumer who overtake each other, on a disk that fails and loses its power. The process
/// ends between any two steps. The handler appends one fact for each fact that it consumes.
/// </summary>
/// <remarks>One thread; the seed decides everything.</remarks>
/// <param name="seed">The seed.</param>
/// <param name="commitsInTwoAppends">A planted mistake: the facts of the handler are appended before the checkpoint.</param>
internal sealed class ConsumerRun(int seed, bool commitsInTwoAppends = false)
{
    const string Name = "worker";
    static readonly FactQuery Query = FactQuery.Types("wanted");
    static readonly string[] Workers = ["factstone writer", "factstone writer", "factstone writer", "factstone index", "factstone zeroing"];

    readonly Random _random = new(seed);
    readonly SimulatedDisk _disk = new(seed);
    readonly ManualTimeProvider _clock = new();
    readonly HashSet<Guid> _acknowledged = [];
    readonly List<Task<AppendOutcome>> _appends = [];
    readonly Owner[] _owners = [new(), new()];
    ManualScheduler _scheduler = new();
    Ledger? _ledger;
    Owner? _current;
    int _passedPositionsMax;
    bool _mayKill;

    /// <summary>What has happened, to show that the run does what it is for.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    public void Run()
    {
        _passedPositionsMax = _random.Next(1, 12);
        for (var lives = _random.Next(2, 7); lives > 0; lives--) Live();
        Finish();
        Check();
    }

    /// <summary>From an open to a close, a crash or a failed disk.</summary>
    void Live()
    {
        try
        {
            _mayKill = _random.Next(3) == 0;
            DrawFault();
            Open();
            for (var steps = _random.Next(5, 60); steps > 0 && _ledger is not null; steps--) Step();
            if (_ledger is not null) Close();
        }
        catch (Exception ended) when (ended is MachineStoppedException or FactstoneException)
        {
            Count($"ended by {ended.GetType().Name}");
            Die(isPowerLoss: _random.Next(2) == 0);
        }
    }

    void Step()
    {
        switch (_random.Next(12))
        {
            case < 4:
                Append();
                break;
            case < 7:
                Read(_owners[_random.Next(5) == 0 ? 1 : 0]);
                break;
            case < 10:
                Commit(_owners[_random.Next(4) == 0 ? 1 : 0], facts: _random.Next(1, 4));
                break;
            case 10:
                LetGo(_owners[_random.Next(2)]);
                break;
            default:
                if (_random.Next(3) == 0) DrawFault();
                break;
        }
    }

    /// <summary>Begins an append, which other steps may finish.</summary>
    void Append()
    {
        NewFact[] facts = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => NewFact.WithoutPayload($"s/{_random.Next(3)}", _random.Next(3) == 0 ? "wanted" : "other"))];
        _appends.Add(_ledger!.TryAppendAsync(new AppendRequest { Facts = facts }).AsTask());
        if (_random.Next(3) > 0) FinishAppends();
    }

    void FinishAppends()
    {
        foreach (var append in _appends.ToArray())
        {
            _appends.Remove(append);
            if (Result(append) is AppendOutcome.Committed { Receipt: var receipt })
                for (var position = receipt.FirstPosition; position <= receipt.LastPosition; position = position.Next()) _acknowledged.Add(Result(_ledger!.ReadAtAsync(position).AsTask())!.Id);
        }
    }

    /// <summary>Lets an owner read one fact. The first read of a follow takes the consumer over.</summary>
    void Read(Owner owner)
    {
        FinishAppends(); // so that the head does not move while the owner waits for it, which would wake it on another thread
        owner.Consumer ??= _ledger!.Consumer(Name, new() { Query = Query, PassedPositionsMax = _passedPositionsMax });
        var takesOver = owner.Facts is null;
        owner.Facts ??= owner.Consumer.FollowAsync(owner.Cancellation.Token).GetAsyncEnumerator(CancellationToken.None);
        if (takesOver)
        {
            _current = null; // until it is known
            owner.Held.Clear(); // what is not committed is returned again
        }

        var next = owner.Facts.MoveNextAsync().AsTask();
        try
        {
            if (TryFinish(next))
            {
                Require(next.GetAwaiter().GetResult(), "a follow ended, and the ledger is open");
                owner.Held.Add(owner.Facts.Current);
                Count("read");
            }
            else
            {
                Count("read to the head");
                Release(owner, next);
            }

            if (takesOver) _current = owner;
        }
        catch (ConsumerOvertakenException)
        {
            Require(_current != owner, "an owner was refused that nobody had overtaken");
            Count("overtaken at the head");
            Forget(owner);
        }
    }

    /// <summary>Commits the first of the facts that an owner holds, each with its effect.</summary>
    void Commit(Owner owner, int facts)
    {
        if (owner.Held.Count == 0) return;
        var handled = owner.Held.Take(facts).ToList();
        try
        {
            NewFact[] effects = [.. handled.Select(ConsumerLedger.Effect)];
            if (commitsInTwoAppends)
            {
                Result(_ledger!.AppendAsync(effects).AsTask());
                effects = [];
            }

            Result(owner.Consumer!.CommitAsync(handled[^1].Position, effects).AsTask());
            Require(_current is null || _current == owner, "an overtaken owner has committed");
            owner.Held.RemoveRange(0, handled.Count);
            Count("commit");
        }
        catch (ConsumerOvertakenException)
        {
            Require(_current != owner, "an owner was refused that nobody had overtaken");
            Count("overtaken");
            Forget(owner);
        }
        catch (LedgerFullException)
        {
            Count("disk full"); // nothing was written, so it can be committed later
        }
    }

    /// <summary>An owner stops reading. What it holds can still be committed until it follows again.</summary>
    void LetGo(Owner owner)
    {
        if (owner.Facts is not { } facts) return;
        Result(facts.DisposeAsync().AsTask());
        owner.Facts = null;
        if (_random.Next(2) == 0) Forget(owner);
    }

    /// <summary>Ends the wait of an owner that has read up to the head.</summary>
    static void Release(Owner owner, Task<bool> waiting)
    {
        owner.Cancellation.Cancel();
        try
        {
            waiting.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // As it should be.
        }

        owner.Cancellation = new CancellationTokenSource();
        owner.Facts = null;
    }

    /// <summary>The next read of this owner is that of another object, and so of another owner.</summary>
    static void Forget(Owner owner)
    {
        owner.Consumer = null;
        owner.Facts = null;
        owner.Held.Clear();
    }

    void DrawFault()
    {
        var fault = (Fault)_random.Next(1, Enum.GetValues<Fault>().Length + 1);
        _disk.Faults.At(_disk.IoCount + _random.Next(1, 80), fault);
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
            MemoryFactsMax = 8,
        }).AsTask().GetAwaiter().GetResult();
    }

    void Close()
    {
        FinishAppends();
        _ledger!.Dispose();
        Count("closed");
        ForgetProcess();
    }

    void Die(bool isPowerLoss)
    {
        if (isPowerLoss) _disk.LosePower();
        else _disk.KillProcess();
        while (_scheduler.Completions.Count > 0 && _random.Next(3) > 0) _scheduler.RunCompletion(_random.Next(_scheduler.Completions.Count)); // who hears it is dead
        ForgetProcess();
    }

    void ForgetProcess()
    {
        _disk.Faults.Clear();
        _appends.Clear();
        foreach (var owner in _owners) Forget(owner);
        _ledger = null;
        _current = null;
    }

    /// <summary>Without faults, one owner handles what is left.</summary>
    void Finish()
    {
        _mayKill = false;
        Open();
        var owner = _owners[0];
        while (true)
        {
            Read(owner);
            if (owner.Held.Count == 0) break;
            Commit(owner, facts: 1);
        }
    }

    void Check()
    {
        var wanted = Facts(Query).ToList();
        var effects = Facts(FactQuery.Types("effect")).Select(effect => effect.Causation!.Value).ToList();
        Require(_acknowledged.IsSubsetOf(Facts(FactQuery.All).Select(fact => fact.Id)), "an acknowledged fact is lost");
        foreach (var fact in wanted)
        {
            var times = effects.Count(effect => effect == fact.Id);
            Require(times == 1, string.Create(CultureInfo.InvariantCulture, $"the fact at position {fact.Position} has taken effect {times} times"));
        }

        Require(effects.SequenceEqual(wanted.Select(fact => fact.Id)), "effects are not in the order of the facts");
        var (head, checkpoint) = (Result(_ledger!.GetHeadAsync().AsTask()), Checkpoint.Read(Result(_ledger.ReadCellAsync(Checkpoint.Bucket, Name).AsTask())!).Cursor.Position);
        Require(head.Value - checkpoint.Value < _passedPositionsMax, "the checkpoint has not moved past facts that do not match");
        Count("handled", wanted.Count);
        _ledger.Dispose();
    }

    IEnumerable<Fact> Facts(FactQuery query)
    {
        var facts = _ledger!.ReadAsync(query).GetAsyncEnumerator();
        while (Result(facts.MoveNextAsync().AsTask())) yield return facts.Current;
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

    void Finish(Task task) => Require(TryFinish(task), "a call hangs");

    /// <summary>Runs the workers and answers in any order until a task is complete; false if there is nothing left to run. The process may end before each step.</summary>
    bool TryFinish(Task task)
    {
        for (var idle = 0; !task.IsCompleted && idle < 50;)
        {
            if (_mayKill && _random.Next(60) == 0) throw new PowerLostException("Between two steps");
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

        return task.IsCompleted;
    }

    static void Require(bool holds, string what)
    {
        if (!holds) throw new SimulationFailure(what);
    }

    void Count(string what, int times = 1) => Counts[what] = Counts.GetValueOrDefault(what) + times;

    /// <summary>One object that follows the consumer, and what it has read and not committed.</summary>
    sealed class Owner
    {
        public Consumer? Consumer { get; set; }

        public IAsyncEnumerator<Fact>? Facts { get; set; }

        public CancellationTokenSource Cancellation { get; set; } = new();

        public List<Fact> Held { get; } = [];
    }
}
