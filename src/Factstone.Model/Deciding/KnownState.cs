namespace Factstone;

/// <summary>The state that the deciders of a line have reached.</summary>
internal interface IKnownState
{
    /// <summary>The same after all answers that have come. Called under the lock of <see cref="DecisionLines"/>.</summary>
    IKnownState AfterAnswers();
}

/// <summary>The state that the last decider of a boundary has reached: with what was decided and is not yet durable, and, in case that falls, without.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="Projection">The projection; another one has another state.</param>
/// <param name="Boundary">The stream or query; another query in the same line has another state.</param>
/// <param name="Durable">The last state of which everything is durable.</param>
/// <param name="Latest">The state with all queued decisions.</param>
/// <param name="Version">The version of the stream in that state; 0 for a query.</param>
/// <param name="Steps">The queued decisions between the two, in order, each with the state after it.</param>
internal sealed record KnownState<TState>(Projection<TState> Projection, DecisionBoundary Boundary, Projected<TState> Durable, TState Latest, StreamVersion Version, IReadOnlyList<(QueuedDecision Decision, TState State, StreamVersion Version)> Steps) : IKnownState
{
    /// <summary>The same after one more decision.</summary>
    public KnownState<TState> Then(QueuedDecision decision, TState after, StreamVersion version) => this with { Latest = after, Version = version, Steps = [.. Steps, (decision, after, version)] };

    /// <summary>Only what is durable.</summary>
    public KnownState<TState> WithoutSteps() => this with { Latest = Durable.State, Version = Durable.Version, Steps = [] };

    /// <remarks>Appends are answered in any order. A state is durable when all before it are answered, too: only then have all facts that it may hold their positions.</remarks>
    public IKnownState AfterAnswers()
    {
        var durable = 0;
        while (durable < Steps.Count && Steps[durable].Decision.IsDurable == true) durable++;
        var known = this;
        if (durable > 0)
        {
            var (decision, state, version) = Steps[durable - 1];
            known = this with { Durable = Durable with { State = state, Version = version, Position = decision.Last }, Steps = [.. Steps.Skip(durable)] };
        }

        // What was decided on top of an append that fell was decided on a state that never was.
        foreach (var (decision, _, _) in known.Steps)
            if (decision.IsDurable == false) return known.WithoutSteps();
        return known;
    }
}
