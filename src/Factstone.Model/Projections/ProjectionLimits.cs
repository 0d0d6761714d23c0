namespace Factstone;

/// <summary>How kept projections divide their work; smaller in tests.</summary>
internal sealed record ProjectionLimits
{
    /// <summary>Facts that are read at once.</summary>
    public int FactsPerBatch { get; init; } = 512;

    /// <summary>Batches that are folded in one turn, so that those who wait for less do not wait for all.</summary>
    public int BatchesPerTurn { get; init; } = 8;

    /// <summary>Bytes of payload that are read at once, about.</summary>
    public long BytesPerBatch { get; init; } = 2 * 1_024 * 1_024;

    /// <summary>Up to so many positions are read one by one; of more, only those that match, by the index.</summary>
    public long ScannedPositionsMax { get; init; } = 4_096;

    /// <summary>Facts between two snapshots of a projection that is far behind.</summary>
    public long FactsPerSnapshotBehind { get; init; } = 1_000_000;

    /// <summary>Cells of one append of a snapshot or of a deletion.</summary>
    public int CellsPerAppend { get; init; } = 2_000;

    /// <summary>Bytes of one append of a snapshot, about.</summary>
    public int BytesPerAppend { get; init; } = 2 * 1_024 * 1_024;

    /// <summary>Bytes of a part of a large state, and of the largest state that has no parts, about.</summary>
    public int PartBytes { get; init; } = FactLimits.CellValueBytesMax - 128;

    /// <summary>How far a projection that does not answer yet may be behind for an open (if it is inline) or a truncation to wait for it.</summary>
    public long OpeningPositionsMax { get; init; } = 100_000;

    /// <summary>How far a projection that is built must be behind for its facts to be read ahead.</summary>
    public long ReadAheadMin { get; init; } = 8_192;

    /// <summary>Whether nothing runs in the background: a test takes each step.</summary>
    public bool IsManual { get; init; }
}
