using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>What does not depend on the type of the state of a projection. Make a <see cref="Projection{TState}"/>.</summary>
public abstract record Projection
{
    private protected Projection() { }

    /// <summary>The name of the projection, 1 to 256 bytes without control characters. It is named in messages; a kept projection is stored under it.</summary>
    /// <exception cref="ArgumentException">No projection can have this name.</exception>
    public required string Name
    {
        get;
        init => field = value is null ? throw new ArgumentNullException(nameof(value))
            : NameCheck.Text("The name of a projection", value, 1, FactLimits.TypeBytesMax) is { } wrong ? throw new ArgumentException(wrong, nameof(value)) : value;
    }

    /// <summary>The version of the definition, from 1. Raise it with each change of the source, the groups, the seed, the step or the state, and say what it <see cref="Replaces"/>.</summary>
    public int Version
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The version of a projection is at least 1.");
    } = 1;

    /// <summary>The facts that a kept projection folds. <c>ProjectAsync</c> names its facts itself, and needs none.</summary>
    public FactQuery? Source { get; init; }

    /// <summary>The version before, which answers until this one has caught up; null for none. It has the same name and a lower version.</summary>
    public Projection? Replaces { get; init; }

    /// <summary>After how many facts of the source a kept projection writes a snapshot, at least 1; 100,000 by default. So many are folded again at most after a crash. One that is behind by more writes a snapshot per million facts at most.</summary>
    public long SnapshotEvery
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A snapshot is written after at least 1 fact.");
    } = 100_000;

    /// <summary>How many groups of a kept projection are in memory, about; 250,000 by default. Others are read from their cells.</summary>
    public int GroupsInMemoryMax
    {
        get;
        init => field = value >= 2 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "At least 2 groups are in memory.");
    } = 250_000;

    /// <summary>Name and version.</summary>
    public sealed override string ToString() => $"{Name} v{Version}";

    internal abstract ProjectionGrouping Grouping { get; }

    /// <summary>Why this definition cannot be kept, not counting what it replaces; null if it can.</summary>
    internal abstract string? WhyNotKept();

    /// <summary>The state of this version in a ledger.</summary>
    internal abstract KeptVersion Keep(ProjectionHost host);
}

/// <summary>How facts become a state: a seed, and a pure step that folds one fact after the other.</summary>
/// <typeparam name="TState">The state: an immutable type. A step that changes its state in place breaks every caller that holds one.</typeparam>
/// <remarks>
/// <para>One definition has three lifetimes. <c>ProjectAsync</c> folds it when it is read. In <c>LedgerOptions.InlineProjections</c> it is kept in step
/// with every append. In <c>LedgerOptions.AsyncProjections</c> it is kept in the background. A kept projection needs <see cref="Projection.Source"/> and <see cref="Json"/>.</para>
/// <para>Immutable. Threads: any number.</para>
/// </remarks>
public sealed record Projection<TState> : Projection
{
    /// <summary>The state before the first fact.</summary>
    public required TState Seed { get; init; }

    /// <summary>The state after one more fact. It is called once for each fact, in order: by version for a stream, by position for a query. It must be pure: the same state and fact always give the same state, and nothing else happens. What it throws ends the fold.</summary>
    /// <exception cref="ArgumentNullException">The step is null.</exception>
    public required Func<TState, Fact, TState> Step
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The key of the group whose state a fact changes, 0 to 1,024 bytes; null for none. Only of a kept projection; without it and <see cref="GroupByMany"/>, there is one state.</summary>
    public Func<Fact, string?>? GroupBy { get; init; }

    /// <summary>The keys of the groups whose states a fact changes. A key that is given twice counts once.</summary>
    public Func<Fact, IEnumerable<string>>? GroupByMany { get; init; }

    /// <summary>The source-generated JSON of the state, which a kept projection needs for its snapshots.</summary>
    public JsonTypeInfo<TState>? Json { get; init; }

    /// <summary>The state before the first fact, as a place to fold from.</summary>
    public Projected<TState> Empty => new(Seed, Position.None, StreamVersion.None);

    internal override ProjectionGrouping Grouping => GroupBy is not null ? ProjectionGrouping.One : GroupByMany is not null ? ProjectionGrouping.Many : ProjectionGrouping.None;

    /// <summary>Folds facts that come after a state, such as those of a conflict, without a read.</summary>
    /// <param name="state">The state so far.</param>
    /// <param name="facts">Facts in order of position, and all that belong to the state. Those at or before its position are passed over.</param>
    /// <returns>The state with the facts in it. What the step throws is thrown to the caller.</returns>
    /// <exception cref="ArgumentException">A fact is null; or the state is of a stream, and a fact is of another one, or a version is left out.</exception>
    public Projected<TState> Fold(Projected<TState> state, IEnumerable<Fact> facts)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(facts);
        foreach (var fact in facts)
        {
            ArgumentNullException.ThrowIfNull(fact, nameof(facts));
            if (fact.Position <= state.Position) continue;
            state = Step(state, fact);
        }

        return state;

        Projected<TState> Step(Projected<TState> before, Fact fact)
        {
            if (before.Stream is { } stream)
            {
                if (fact.Stream != stream) throw new ArgumentException($"The state is of {stream}, and the fact at position {fact.Position} is of {fact.Stream}.", nameof(facts));
                if (fact.StreamVersion != before.Version.Next()) throw new ArgumentException($"The state is of {stream} at version {before.Version}, and the next fact has version {fact.StreamVersion}. Fold the facts between them first.", nameof(facts));
            }

            return before with { State = this.Step(before.State, fact), Position = fact.Position, Version = before.Stream is null ? StreamVersion.None : fact.StreamVersion };
        }
    }

    internal override string? WhyNotKept()
    {
        if (GroupBy is not null && GroupByMany is not null) return "It has GroupBy and GroupByMany. Leave one of them out.";
        if (Source is null) return "It has no Source. Set it to the query of the facts that it folds, or to FactQuery.All.";
        if (Source.Wrong is { } wrong) return $"Its Source is refused: {wrong}";
        if (Utf8Order.ByteCount(Source.ToString()) is var bytes and > FactLimits.ConsumerQueryBytesMax) return $"The text of its Source has {bytes:N0} bytes; at most {FactLimits.ConsumerQueryBytesMax:N0} are possible.";
        if (Json is null) return "It has no Json, so that its state cannot be stored. Set it to the source-generated JSON of the state.";
        return Seed is null ? "Its Seed is null, which is no state. Use an empty state." : null;
    }

    internal override KeptVersion Keep(ProjectionHost host) => new KeptVersion<TState>(host, this);
}

/// <summary>How the facts of a projection are divided into groups; as stored.</summary>
internal enum ProjectionGrouping
{
    None = 1,
    One = 2,
    Many = 3,
}
