namespace Factstone.Tests.Simulation;

/// <summary>
/// Compares a follower with the model. Facts that the follower delivers before the model has them are kept and compared later.
/// </summary>
internal sealed class ModelFollower(Follower follower, Ledger ledger, long after, DateTimeOffset from)
{
    readonly List<Fact> _given = [];
    Follower _follower = follower;
    long _checked = after;

    /// <summary>The ledger that it follows, or null after that ledger was closed or died.</summary>
    public Ledger? Ledger { get; private set; } = ledger;

    public long Position => Math.Max(_checked, _follower.Position.Value);

    /// <summary>Takes up to this many facts.</summary>
    public void Take(int facts)
    {
        for (var left = facts; left > 0; left--)
        {
            if (!_follower.TryRead(out var fact)) return;
            SimulationFailure.When(fact.Position != _follower.Position, $"a follower was given {fact.Position}, and says that it is at {_follower.Position}");
            _given.Add(fact);
        }
    }

    /// <summary>Called when its ledger is closed or dead.</summary>
    public void Lose(bool isClosed)
    {
        Ledger = null;
        if (!isClosed) return;
        SimulationFailure.When(_follower.TryRead(out _), "a follower of a closed ledger was given a fact");
        SimulationFailure.When(SimulationRun.Sync(_follower.WaitToReadAsync()), "a follower of a closed ledger has a fact to give");
    }

    /// <summary>Continues on another ledger after the last delivered position.</summary>
    public void GoOn(Ledger ledger, int bufferFacts)
    {
        _follower = ledger.OpenFollower(_follower.Query, new FollowOptions { From = FollowStart.After(new Position(Position)), BufferFacts = bufferFacts });
        Ledger = ledger;
    }

    /// <summary>Up to its position, the follower has delivered each matching fact of the model once and in order.</summary>
    public void Check(ModelFacts model, uint ledgerTag)
    {
        var position = Position;
        SimulationFailure.When(position > model.Head, $"a follower came to {position}, and {model.Head} is durable");
        var expected = model.All.Skip((int)_checked).Take((int)(position - _checked)).Where(fact => fact.RecordedAt >= from && Matches(_follower.Query, fact.Fact)).ToList();
        SimulationFailure.When(!expected.Select(fact => fact.Position).SequenceEqual(_given.Select(fact => fact.Position.Value)), $"a follower of {_follower.Query} was given {string.Join(' ', _given.Select(fact => fact.Position))} from {_checked} to {position}, and expected {string.Join(' ', expected.Select(fact => fact.Position))}");
        for (var i = 0; i < expected.Count; i++) FactComparison.Same(_given[i], expected[i], model, ledgerTag);
        _given.Clear();
        _checked = position;
    }

    static bool Matches(FactQuery query, NewFact fact) => query.IsAll || query.Any(item =>
        (item.Store is null || item.Store == fact.Stream.Store)
        && (item.Key is null || item.Key == fact.Stream.Key)
        && (item.KeyPrefix is null || fact.Stream.Key.StartsWith(item.KeyPrefix, StringComparison.Ordinal))
        && (item.Types.Count == 0 || item.Types.Any(type => type == fact.Type))
        && item.Tags.All(tag => fact.Tags.Contains(tag)));
}
