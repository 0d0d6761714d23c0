using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Reads and followers, compared with the model.</summary>
internal sealed partial class SimulationRun
{
    /// <summary>Completes every sent append, then compares a few reads of every kind with the model.</summary>
    void Check()
    {
        Settle();
        Excused(() => _reads.Some(_ledger!, _model.Head));
    }

    /// <summary>A read during appends. The head may be ahead of the completions, but never of the disk.</summary>
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

    /// <summary>
    /// Reads in another process. It shows at least what was acknowledged before the open, at most what is durable, and exactly those facts.
    /// </summary>
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

    void Follow()
    {
        if (_followers.Count < 6 && _random.Next(2) == 0) Excused(BeginToFollow);
        for (var i = Math.Min(_followers.Count, 3); i > 0; i--) FollowSome(_followers[_random.Next(_followers.Count)]);
    }

    /// <summary>A follower in any process takes a few facts, or all, during appends.</summary>
    void FollowSome(ModelFollower follower)
    {
        Excused(() =>
        {
            GoOn(follower, _reader is { } reader && _random.Next(3) == 0 ? reader : _ledger!);
            if (follower.Ledger is not null) follower.Take(_random.Next(4) == 0 ? int.MaxValue : _random.Next(1, 20));
        });

        // A fact that was delivered to a follower is durable, even if its append has not completed.
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

    /// <summary>Moves a follower to another ledger, where it continues after the last delivered position.</summary>
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

    /// <summary>Tells the followers of a ledger that it is gone. The facts they received stay part of the comparison.</summary>
    void LoseFollowers(Ledger? ledger, bool isClosed)
    {
        foreach (var follower in _followers.Where(one => one.Ledger is not null && ReferenceEquals(one.Ledger, ledger))) follower.Lose(isClosed);
    }
}
