namespace Factstone;

/// <summary>Which facts of one stream to read. A fact is returned if it is within every bound that is given. A range whose end lies before its start is empty.</summary>
/// <remarks>Versions and recorded times are found by the index, and types by the lists of the types. Valid times have no index: each fact within the other bounds is read and compared.</remarks>
public sealed record StreamReadOptions
{
    readonly string[] _types = [];

    /// <summary>The first version, included, from 1; 0, the default, is the first fact, or the last when reading backward. It may be beyond the last version.</summary>
    /// <remarks>For paging: the next page begins at the version after the last one of the page before, or backward, at the one before it.</remarks>
    public StreamVersion From { get; init; }

    /// <summary>The version where the read ends, included, from 0; null for all. Backward it is the lowest version, and must not be above <see cref="From"/>.</summary>
    public StreamVersion? Through { get; init; }

    /// <summary>Only facts that were recorded at this time or later; null for all.</summary>
    public DateTimeOffset? RecordedFrom { get; init; }

    /// <summary>Only facts that were recorded by this time, which is included; null for all. It may be in the future. For an answer that never changes, read as of the time instead: <see cref="AsOf"/>.</summary>
    public DateTimeOffset? RecordedThrough { get; init; }

    /// <summary>Only facts whose valid time begins at this time or later; null for all. The valid time of a fact begins at <see cref="Fact.ValidFrom"/>, or if it has none, at <see cref="Fact.RecordedAt"/>.</summary>
    public DateTimeOffset? ValidFrom { get; init; }

    /// <summary>Only facts whose valid time begins by this time, which is included; null for all. Where the valid time ends is not compared.</summary>
    public DateTimeOffset? ValidThrough { get; init; }

    /// <summary>Only facts that have any of these types; empty for facts with any type or none.</summary>
    public IReadOnlyList<string> Types
    {
        get => _types;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _types = [.. value];
        }
    }

    /// <summary>Whether to read from later to earlier versions.</summary>
    public bool Backward { get; init; }

    /// <summary>The maximal number of facts, from 0; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The point of the read, by default the head; later facts are not returned.</summary>
    public LedgerTime AsOf { get; init; }

    /// <summary>Called when the read passes over facts within the bounds that a truncation has dropped, before the first fact that it returns after them; null for nothing. What it throws ends the read.</summary>
    /// <remarks>For reads and counts. A fold refuses it: it stops with <see cref="HistoryDroppedException"/> instead.</remarks>
    public Action<DroppedFacts>? Dropped { get; init; }

    internal bool HasValidBounds => ValidFrom is not null || ValidThrough is not null;

    /// <summary>The lowest version within the bounds.</summary>
    internal long VersionMin => Math.Max(1, Backward ? Through?.Value ?? 1 : From.Value);

    /// <summary>The highest version within the bounds.</summary>
    internal long VersionMax => Backward ? (From == StreamVersion.None ? long.MaxValue : From.Value) : Through?.Value ?? long.MaxValue;

    /// <summary>Whether a valid time that begins at this time is within the bounds.</summary>
    internal bool IsWithin(DateTimeOffset validFrom) => !(validFrom < ValidFrom) && !(validFrom > ValidThrough);

    /// <summary>Whether a fact of the stream is within all bounds.</summary>
    internal bool Selects(Fact fact) =>
        fact.StreamVersion.Value >= VersionMin && fact.StreamVersion.Value <= VersionMax
        && !(fact.RecordedAt < RecordedFrom) && !(fact.RecordedAt > RecordedThrough)
        && (_types.Length == 0 || (fact.Type is { } type && _types.Contains(type)))
        && (!HasValidBounds || IsWithin(fact.ValidFrom ?? fact.RecordedAt));
}
