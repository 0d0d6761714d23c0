using System.Globalization;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Truncation;

/// <summary>One seed: random appends with conditions, truncations, deletes, groups of them, and reopens. Random reads of all kinds are compared with a plain model.</summary>
/// <remarks>One thread; the seed decides everything.</remarks>
internal sealed class TruncationRun(int seed)
{
    static readonly StreamName[] Streams = ["orders/1", "orders/2", "orders/", "tasks/1"];
    static readonly string?[] Types = ["placed", "paid", null];

    readonly Random _random = new(seed);
    readonly TruncationModel _model = new();
    TruncatedLedger _test = null!;

    /// <summary>What has happened, to show that the run does what it is for.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    public void Run()
    {
        int[] memory = [4, 8, 40, 16_384];
        using var test = new TruncatedLedger(memory[_random.Next(memory.Length)]);
        _test = test;
        for (var steps = _random.Next(30, 120); steps > 0; steps--) Step();
        CompareAll(_test.Ledger);
        _test.Reopen(withoutIndex: true);
        CompareAll(_test.Ledger);
    }

    void Step()
    {
        switch (_random.Next(20))
        {
            case < 7:
                Send([Request()]);
                break;
            case < 9:
                SendGroup();
                break;
            case < 12:
                Truncate();
                break;
            case 12:
                _test.Reopen(withoutIndex: _random.Next(4) == 0);
                Count("reopened");
                break;
            case 13:
                using (var reader = Damage.SmallLedger.OpenReadOnly(_test.Files)) CompareOnce(reader);
                break;
            default:
                CompareOnce(_test.Ledger);
                break;
        }
    }

    void Truncate()
    {
        var stream = Streams[_random.Next(Streams.Length)];
        var (last, dropped) = (_model.Version(stream), _model.Dropped(stream));
        if (last == 0) return;
        var through = _random.Next(3) == 0 ? (long?)null : _random.NextInt64(1, last + 1);
        var receipt = Result(_test.Ledger.TruncateAsync(stream, through is { } version ? new StreamVersion(version) : null, "run"));
        var end = through ?? last;
        Require(receipt.Through.Value == end && receipt.Facts == Math.Max(0, end - dropped), $"{stream} through {end}: {receipt.Facts} facts were dropped");
        _model.Truncate(stream, end);
        Count(end > dropped ? (end == last ? "deleted" : "truncated") : "truncated before");
    }

    /// <summary>Several appends and truncations of one group: each is decided on what the ones before it leave.</summary>
    void SendGroup()
    {
        var requests = Enumerable.Range(0, _random.Next(2, 8)).Select(_ => Request()).ToList();
        var (before, stream) = (_random.Next(requests.Count), Streams[_random.Next(Streams.Length)]);
        var last = _model.Version(stream);
        if (last == 0) Send(requests);
        else Send(requests, before, stream, _random.NextInt64(1, last + 1));
    }

    void Send(List<AppendRequest> requests, int truncatedBefore = -1, StreamName stream = default, long through = 0)
    {
        var outcomes = new List<Task<AppendOutcome>>();
        Task<TruncationReceipt>? truncating = null;
        _test.Together(() =>
        {
            for (var i = 0; i < requests.Count; i++)
            {
                if (i == truncatedBefore) truncating = _test.Ledger.TruncateAsync(stream, new StreamVersion(through), "run").AsTask();
                outcomes.Add(_test.Ledger.TryAppendAsync(requests[i]).AsTask());
            }
        });

        if (truncating is not null) Result(new ValueTask<TruncationReceipt>(truncating));
        for (var i = 0; i < requests.Count; i++)
        {
            if (i == truncatedBefore) _model.Truncate(stream, through);
            Compare(requests[i], Result(new ValueTask<AppendOutcome>(outcomes[i])), isAlone: requests.Count == 1);
        }

        if (truncatedBefore >= 0) Count("truncated in a group");
    }

    /// <summary>Compares an outcome with the model, which appends the facts if the conditions hold.</summary>
    void Compare(AppendRequest request, AppendOutcome outcome, bool isAlone)
    {
        var failing = request.Conditions.FirstOrDefault(condition => !_model.Holds(condition));
        Require(failing is null ? outcome is AppendOutcome.Committed : outcome is AppendOutcome.Conflict, $"{request.Conditions[0]}: {outcome}");
        if (failing is null)
        {
            foreach (var fact in request.Facts) _model.Append(fact);
            Count("committed");
            return;
        }

        var conflict = (AppendOutcome.Conflict)outcome;
        Count(conflict.RetentionPassed is null ? "conflict" : "retention passed");
        if (failing.Query is null || !isAlone) return;
        var matching = _model.Failing(failing).ToList();
        Require(conflict.FirstMatch.Value == matching[0].Position, $"{failing}: the first match is {conflict.FirstMatch}, not {matching[0].Position}");
        Require(conflict.Facts.Select(fact => fact.Position.Value).SequenceEqual(matching.Where(_model.IsHeld).Select(fact => fact.Position)), $"{failing}: other facts");
        Require((conflict.RetentionPassed is not null) == matching.Exists(fact => !_model.IsHeld(fact)), $"{failing}: retention passed: {conflict.RetentionPassed}");
        Require(conflict.IsComplete == (conflict.RetentionPassed is null), $"{failing}: complete");
    }

    AppendRequest Request()
    {
        var facts = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Fact()).ToArray();
        return new AppendRequest(facts) { Conditions = _random.Next(3) == 0 ? [AppendCondition.StreamAt(facts[0].Stream, _model.Version(facts[0].Stream))] : [Condition()] };
    }

    NewFact Fact()
    {
        var stream = Streams[_random.Next(Streams.Length)];
        if (_random.Next(8) == 0) return NewFact.Retraction(stream);
        return new NewFact(stream, Types[_random.Next(Types.Length)], $"{_random.Next(3)}") { Tags = _random.Next(2) == 0 ? [$"t{_random.Next(3)}"] : [] };
    }

    AppendCondition Condition()
    {
        var stream = Streams[_random.Next(Streams.Length)];
        return _random.Next(7) switch
        {
            0 => AppendCondition.RecordAt(stream, _model.Version(stream)),
            1 => AppendCondition.RecordMissing(stream),
            2 => AppendCondition.RecordEquals(stream, $"{_random.Next(3)}"),
            3 => AppendCondition.StreamExists(stream),
            4 => AppendCondition.StreamAt(stream, _model.Version(stream)),
            5 => AppendCondition.NoMatch(Query()),
            _ => AppendCondition.NoMatch(Query(), At()),
        };
    }

    FactQuery Query() => _random.Next(6) switch
    {
        0 => FactQuery.Store("orders"),
        1 => FactQuery.Stream(Streams[_random.Next(Streams.Length)]),
        2 => FactQuery.Types("paid"),
        3 => FactQuery.Tags($"t{_random.Next(3)}"),
        4 => [new() { Store = "orders", KeyPrefix = "1" }, new() { Types = ["placed"], Tags = ["t1"] }],
        _ => FactQuery.All,
    };

    Position At() => new(_random.NextInt64(_model.Head + 1));

    void CompareAll(Ledger ledger)
    {
        for (var i = 0; i < 30; i++) CompareOnce(ledger);
    }

    void CompareOnce(Ledger ledger)
    {
        var (stream, query, until, backward) = (Streams[_random.Next(Streams.Length)], Query(), At(), _random.Next(2) == 0);
        var from = new StreamVersion(_random.NextInt64(_model.Version(stream) + 2));
        long? limit = _random.Next(3) == 0 ? _random.Next(5) : null;
        var dropped = new List<DroppedFacts>();
        switch (_random.Next(9))
        {
            case 0:
                var last = backward && from.Value == 0 ? long.MaxValue : from.Value;
                Same("stream", Facts(ledger.ReadStreamAsync(stream, new() { From = from, AsOf = until, Backward = backward, Limit = limit, Dropped = dropped.Add })),
                    _model.Held.Where(fact => fact.Stream == stream && fact.Position <= until.Value && (backward ? fact.Version <= last : fact.Version >= from.Value)), backward, limit);
                CompareReport(dropped, _model.Ever.Where(fact => fact.Stream == stream && fact.Position <= until.Value && (backward ? fact.Version <= last : fact.Version >= from.Value)), limit);
                break;
            case 1:
                Same("query", Facts(ledger.ReadAsync(query, new() { AsOf = until, Backward = backward, Limit = limit, Dropped = dropped.Add })), _model.HeldMatching(query).Where(fact => fact.Position <= until.Value), backward, limit);
                CompareReport(dropped, _model.Matching(query).Where(fact => fact.Position <= until.Value), limit);
                break;
            case 2:
                Same("all", Facts(ledger.ReadAsync(new ReadOptions { AsOf = until, Backward = backward, Limit = limit })), _model.Held.Where(fact => fact.Position <= until.Value), backward, limit);
                break;
            case 3:
                Same("latest", Facts(Result(ledger.ReadLatestAsync(stream, until))), _model.Latest(stream, until.Value) is { } latest ? [latest] : []);
                Require(Result(ledger.GetVersionAsync(stream)).Value == _model.Version(stream), "version");
                break;
            case 4:
                Require(Result(ledger.CountAsync(query, until)) == _model.HeldMatching(query).Count(fact => fact.Position <= until.Value), $"count of {query} as of {until}");
                break;
            case 5:
                var values = _model.Streams.Where(one => one.Store == "orders").OrderBy(one => one.Key, Utf8Order.Instance).Select(one => _model.Latest(one, until.Value)).OfType<ModelFact>().ToList();
                Same("list", Facts(ledger.ListAsync("orders", new() { AsOf = until, Limit = limit })), values, backward: false, limit);
                foreach (var listed in List(ledger.ListStreamsAsync("orders")))
                    Require(listed.DroppedThrough.Value == _model.Dropped(listed.Stream) && listed.Version.Value == _model.Version(listed.Stream), $"summary of {listed.Stream}");
                break;
            case 6:
                var follower = ledger.OpenFollower(query, new() { From = FollowStart.After(until), BufferFacts = _random.Next(1, 4) });
                var followed = new List<Fact>();
                while (follower.TryRead(out var fact)) followed.Add(fact);
                Same("follow", followed, _model.HeldMatching(query).Where(fact => fact.Position > until.Value));
                break;
            case 7:
                CompareFold(ledger, stream, query, from, until);
                break;
            default:
                if (until == Position.None) break;
                var at = _model.Ever[(int)until.Value - 1];
                Require(Result(ledger.ReadAtAsync(until)) is not null == (at.IsOwn || _model.IsHeld(at)), $"fact at {until}");
                break;
        }
    }

    /// <summary>A fold has every fact that there ever was, or stops.</summary>
    void CompareFold(Ledger ledger, StreamName stream, FactQuery query, StreamVersion from, Position until)
    {
        var ofStream = _model.Ever.Where(fact => fact.Stream == stream && fact.Version >= from.Value && fact.Position <= until.Value).ToList();
        Fold("fold of a stream", ofStream, () => ledger.FoldStreamAsync(stream, 0L, Add, new() { From = from, AsOf = until }));
        Fold("fold of a query", [.. _model.Matching(query).Where(fact => fact.Position > until.Value)], () => ledger.FoldAsync(query, 0L, Add, new() { From = until.Next() }));

        void Fold(string what, List<ModelFact> needed, Func<ValueTask<long>> fold)
        {
            try
            {
                var sum = Result(fold());
                Require(needed.TrueForAll(_model.IsHeld), $"{what} has folded a hole");
                Require(sum == needed.Sum(fact => fact.Position), $"{what}: {sum}");
                Count("folded");
            }
            catch (HistoryDroppedException stopped)
            {
                Require(needed.Exists(fact => !_model.IsHeld(fact) && fact.Stream == stopped.Dropped.Stream), $"{what} has stopped without a hole: {stopped.Message}");
                Count("stopped at a hole");
            }
        }

        static bool Add(ref long sum, in FactView fact)
        {
            sum += fact.Position.Value;
            return true;
        }
    }

    /// <summary>Without a limit, a read reports each stream of which it passes over something, once.</summary>
    void CompareReport(List<DroppedFacts> reported, IEnumerable<ModelFact> read, long? limit)
    {
        if (limit is not null) return;
        var expected = read.Where(fact => !fact.IsOwn && !_model.IsHeld(fact)).Select(fact => fact.Stream).Distinct().Order(Comparer<StreamName>.Create(Order));
        Require(reported.Select(one => one.Stream).Order(Comparer<StreamName>.Create(Order)).SequenceEqual(expected), "other streams are reported");
        foreach (var one in reported)
        {
            var lastDropped = _model.Ever.Last(fact => fact.Stream == one.Stream && fact.Version == one.Through.Value);
            Require(one.Through.Value == _model.Dropped(one.Stream) && one.LastPosition.Value == lastDropped.Position, $"reported: {one}");
            Require(_model.Ever[(int)one.Receipt.Value - 1].IsOwn, $"no receipt: {one}");
            Count("reported");
        }

        static int Order(StreamName one, StreamName other) => string.CompareOrdinal(one.ToString(), other.ToString());
    }

    void Same(string what, IReadOnlyList<Fact> read, IEnumerable<ModelFact> expected, bool backward = false, long? limit = null)
    {
        var ordered = backward ? expected.Reverse() : expected;
        var positions = ordered.Take((int)(limit ?? int.MaxValue)).Select(fact => fact.Position).ToList();
        Require(read.Select(fact => fact.Position.Value).SequenceEqual(positions), string.Create(CultureInfo.InvariantCulture, $"{what}: read {string.Join(' ', read.Select(fact => fact.Position.Value))}, expected {string.Join(' ', positions)}"));
        Count(what);
    }

    static List<Fact> Facts(IAsyncEnumerable<Fact> facts) => List(facts);

    static List<Fact> Facts(Fact? fact) => fact is null ? [] : [fact];

    static List<T> List<T>(IAsyncEnumerable<T> read) => Result(read.ToListAsync());

    static T Result<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    static void Require(bool holds, string what)
    {
        if (!holds) throw new SimulationFailure(what);
    }
}
