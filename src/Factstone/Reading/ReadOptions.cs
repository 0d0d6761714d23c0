namespace Factstone;

/// <summary>Which facts of the whole ledger to read.</summary>
public sealed record ReadOptions
{
    /// <summary>The first position, included; by default the first fact, or the last when reading backward.</summary>
    /// <remarks>For paging: the next page begins at the position after the last fact of the page before, or backward, at the one before it.</remarks>
    public Position From { get; init; }

    /// <summary>Only facts that were recorded at this time or later; null for all. An <see cref="AsOf"/> with <see cref="LedgerTime.RecordedBy"/> is the end of that period, and its time is included, too.</summary>
    public DateTimeOffset? RecordedFrom { get; init; }

    /// <summary>Whether to read from later to earlier positions.</summary>
    public bool Backward { get; init; }

    /// <summary>The maximal number of facts; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The point of the read; later facts are not returned.</summary>
    public LedgerTime AsOf { get; init; }
}

/// <summary>Which facts of one stream to read.</summary>
public sealed record StreamReadOptions
{
    /// <summary>The first version, included; by default the first fact, or the last when reading backward.</summary>
    public StreamVersion From { get; init; }

    /// <summary>Whether to read from later to earlier versions.</summary>
    public bool Backward { get; init; }

    /// <summary>The maximal number of facts; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The point of the read; later facts are not returned.</summary>
    public LedgerTime AsOf { get; init; }
}

/// <summary>Which keys of a store to list: its streams, or its records that have a value.</summary>
public sealed record ListOptions
{
    /// <summary>Only keys that begin with this; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only keys after this one, in the order of unsigned UTF-8 bytes: the last key of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The maximal number of keys; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The point of the read.</summary>
    public LedgerTime AsOf { get; init; }
}

/// <summary>Which cells of a bucket to list.</summary>
public sealed record CellListOptions
{
    /// <summary>Only names that begin with this; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only names after this one, in the order of unsigned UTF-8 bytes: the last name of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The maximal number of cells; null for all.</summary>
    public long? Limit { get; init; }
}
