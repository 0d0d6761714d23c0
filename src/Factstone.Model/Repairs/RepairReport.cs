namespace Factstone;

/// <summary>What a repair found, kept and lost. The receipt, the newest fact of <c>$receipts/repair</c>, has the same content.</summary>
public sealed record RepairReport
{
    /// <summary>Whether the repair was a dry run, which changes nothing.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>All damage, in the order of the log. If there is none, nothing is changed.</summary>
    public required IReadOnlyList<Damage> Damage { get; init; }

    /// <summary>The number of facts that remain.</summary>
    public required long FactsLeft { get; init; }

    /// <summary>Positions whose facts are lost, in order. They are never assigned again.</summary>
    public required IReadOnlyList<PositionRange> Lost { get; init; }

    /// <summary>The lost facts whose header is known, in order of position.</summary>
    public required IReadOnlyList<LostFact> KnownLost { get; init; }

    /// <summary>Appends that are no longer whole: some of their facts remain, others are lost.</summary>
    public required IReadOnlyList<IncompleteAppend> IncompleteAppends { get; init; }

    /// <summary>Positions of appends that may have had an id that is unreadable now. A retry under such an id is appended again.</summary>
    public required IReadOnlyList<PositionRange> UnknownAppendIds { get; init; }

    /// <summary>Writes of cells of which only the value is lost. Such a cell has no value and keeps its version, unless it was written again later.</summary>
    public required IReadOnlyList<LostCell> LostCells { get; init; }

    /// <summary>Whether unknown writes of cells may be lost. A cell that was not written since may then have an earlier value.</summary>
    public required bool MayHaveLostCells { get; init; }

    /// <summary>The paths of the quarantined damaged files, relative to the ledger's directory.</summary>
    public required IReadOnlyList<string> Quarantined { get; init; }

    /// <summary>The epoch before the repair.</summary>
    public required long EpochBefore { get; init; }

    /// <summary>The epoch after the repair: one more if a fact, a cell or an append id was lost, or may have been.</summary>
    public required long Epoch { get; init; }

    /// <summary>The last position up to which the ledger is unchanged. A cursor of the epoch before that is beyond it is refused with <see cref="LedgerForkedException"/>.</summary>
    public required Position LastCommonPosition { get; init; }

    /// <summary>The position of the receipt; 0 if nothing was changed.</summary>
    public required Position Receipt { get; init; }

    /// <summary>Whether there was damage.</summary>
    public bool WasDamaged => Damage.Count > 0;

    /// <summary>The number of lost facts.</summary>
    public long FactsLost => Lost.Sum(range => range.Count);
}

/// <summary>A range of consecutive positions.</summary>
/// <param name="First">The first position.</param>
/// <param name="Last">The last position, included.</param>
public readonly record struct PositionRange(Position First, Position Last)
{
    /// <summary>The number of positions.</summary>
    public long Count => Last.Value - First.Value + 1;

    /// <summary>Both ends, or the single position.</summary>
    public override string ToString() => First == Last ? First.ToString() : $"{First} to {Last}";
}

/// <summary>A lost fact whose header is known: its payload and metadata are lost.</summary>
/// <param name="Position">Its position.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="StreamVersion">Its version in the stream.</param>
/// <param name="Type">Its type; null for none.</param>
public sealed record LostFact(Position Position, StreamName Stream, StreamVersion StreamVersion, string? Type);

/// <summary>A write of a cell whose value is lost.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Version">The version of that write.</param>
public sealed record LostCell(CellName Cell, CellVersion Version);

/// <summary>An append that lost some of its facts.</summary>
/// <param name="AppendId">Its id; null for none. The ledger still knows it.</param>
/// <param name="Positions">The positions that it was assigned.</param>
public sealed record IncompleteAppend(string? AppendId, PositionRange Positions);

/// <summary>The progress of a repair.</summary>
/// <param name="BytesRead">Bytes of the log that were read.</param>
/// <param name="Bytes">Bytes of the log to read.</param>
public readonly record struct RepairProgress(long BytesRead, long Bytes);
