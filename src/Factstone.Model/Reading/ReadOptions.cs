namespace Factstone;

/// <summary>Which facts of the whole ledger to read.</summary>
public sealed record ReadOptions
{
    /// <summary>The first position, included, from 1; 0, the default, is the first fact, or the last when reading backward. It may be beyond the head.</summary>
    /// <remarks>For paging: the next page begins at the position after the last fact of the page before, or backward, at the one before it.</remarks>
    public Position From { get; init; }

    /// <summary>Only facts that were recorded at this time or later; null for all. An <see cref="AsOf"/> with <see cref="LedgerTime.RecordedBy"/> is the end of that period, and its time is included, too.</summary>
    public DateTimeOffset? RecordedFrom { get; init; }

    /// <summary>Whether to read from later to earlier positions.</summary>
    public bool Backward { get; init; }

    /// <summary>The maximal number of facts, from 0; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The point of the read, by default the head; later facts are not returned.</summary>
    public LedgerTime AsOf { get; init; }

    /// <summary>Called when the read passes over facts that a truncation has dropped, usually once for each stream; null for nothing. What it throws ends the read.</summary>
    /// <remarks>Only for reads. A fold refuses it: it stops with <see cref="HistoryDroppedException"/> instead.</remarks>
    public Action<DroppedFacts>? Dropped { get; init; }
}

/// <summary>Which keys of a store to list: its streams, or its records that have a value.</summary>
public sealed record ListOptions
{
    /// <summary>Only keys that begin with this, at most 1,024 bytes; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only keys after this one, in the order of unsigned UTF-8 bytes: the last key of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The maximal number of keys, from 0; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>Whether a list of streams has the latest fact of each, which is read for it: <see cref="StreamSummary.LatestFact"/>. A list of records always has the facts.</summary>
    public bool WithLatestFacts { get; init; }

    /// <summary>The point of the read, by default the head.</summary>
    public LedgerTime AsOf { get; init; }
}

/// <summary>Which cells of a bucket to list.</summary>
public sealed record CellListOptions
{
    /// <summary>Only names that begin with this, at most 1,024 bytes; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only names after this one, in the order of unsigned UTF-8 bytes: the last name of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The maximal number of cells, from 0; null for all.</summary>
    public long? Limit { get; init; }
}
