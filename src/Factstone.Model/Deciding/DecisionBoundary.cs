namespace Factstone;

/// <summary>What a decision depends on: a stream or a query. It says which facts are folded, which condition the append has, and in which lines its deciders take turns.</summary>
internal sealed class DecisionBoundary : IEquatable<DecisionBoundary>
{
    readonly FactQuery? _query;

    public DecisionBoundary(StreamName stream)
    {
        Stream = stream;
        Lines = [$"stream {stream}"];
    }

    public DecisionBoundary(FactQuery query)
    {
        _query = query;
        Lines = [.. query.Select(static item => $"query {item}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The stream; null for a query.</summary>
    public StreamName? Stream { get; }

    /// <summary>The names of its lines, sorted and distinct.</summary>
    public string[] Lines { get; }

    public bool Equals(DecisionBoundary? other) => other is not null && other.Lines.AsSpan().SequenceEqual(Lines);

    public override bool Equals(object? obj) => Equals(obj as DecisionBoundary);

    public override int GetHashCode() => string.GetHashCode(Lines[0], StringComparison.Ordinal);

    public bool Matches(Fact fact) => _query is null ? fact.Stream == Stream : _query.Matches(fact);

    public ValueTask<Projected<TState>> ProjectAsync<TState>(ILedgerReader reader, Projection<TState> projection, Projected<TState> from, CancellationToken cancellationToken) =>
        Stream is { } stream ? reader.ProjectAsync(projection, stream, from, cancellationToken) : reader.ProjectAsync(projection, _query!, from, cancellationToken);

    /// <summary>The append of a decision, without values; null if nothing was decided.</summary>
    /// <exception cref="ArgumentException">The decision has something that is no fact, or a value without a stream.</exception>
    /// <exception cref="FactTypesException">The type of a value is not registered.</exception>
    public AppendRequest? Request<TState>(IReadOnlyList<object>? decision, KnownState<TState> known, DecideOptions options, FactTypes? types)
    {
        if (decision is null or { Count: 0 }) return null;
        var facts = new NewFact[decision.Count];
        for (var i = 0; i < facts.Length; i++) facts[i] = Fact(decision[i], i);
        var condition = Stream is { } stream
            ? AppendCondition.StreamAt(stream, known.Version)
            : AppendCondition.NoMatch(_query!, known.Durable.Position);
        if (known.Steps.Count > 0) condition = condition with { CountsOn = [.. known.Steps.Select(static step => step.Decision.Acceptance)] };

        // A repeat decides on another state than the first append, so the id alone says that it is one.
        var onRepeat = options.AppendId is null ? RepeatPolicy.SameContent : RepeatPolicy.SameId;
        return TypedFacts.Encode(new AppendRequest { Facts = facts, AppendId = options.AppendId, OnRepeat = onRepeat, Conditions = [condition, .. options.Conditions] }, types);
    }

    NewFact Fact(object? decided, int index) => decided switch
    {
        null => throw new ArgumentException($"decision[{index}] is null. Leave it out, or return an empty list to append nothing."),
        NewFact fact => fact,
        Fact _ => throw new ArgumentException($"decision[{index}] is a Fact, which is stored already. Return a value, or a NewFact."),
        var value when Stream is { } stream => new NewFact(stream, value),
        var value => throw new ArgumentException($"decision[{index}] is a {value.GetType().Name}. A decision by query must name the stream of each fact: return new NewFact(stream, value)."),
    };
}
