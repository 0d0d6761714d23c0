namespace Factstone;

/// <summary>What a repair found, what it saved and what is gone. The same is in its receipt, the newest fact of <c>$receipts/repair</c>.</summary>
public sealed record RepairReport
{
    /// <summary>Whether it only looked, so that nothing was changed.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>All damage, by place in the log. Without any nothing is changed.</summary>
    public required IReadOnlyList<Damage> Damage { get; init; }

    /// <summary>Facts that are left.</summary>
    public required long FactsLeft { get; init; }

    /// <summary>Positions whose facts are gone, in order. They are never given again.</summary>
    public required IReadOnlyList<PositionRange> Lost { get; init; }

    /// <summary>Those of the lost facts of which it is known what they were, in order of position.</summary>
    public required IReadOnlyList<LostFact> KnownLost { get; init; }

    /// <summary>Appends that are no longer whole: some of their facts are left, others are gone.</summary>
    public required IReadOnlyList<IncompleteAppend> IncompleteAppends { get; init; }

    /// <summary>Positions of appends that may have had an id which nobody can read any more. A retry under such an id is appended again.</summary>
    public required IReadOnlyList<PositionRange> UnknownAppendIds { get; init; }

    /// <summary>Writes of cells of which only the value is gone. Such a cell has no value and keeps its version, unless it was written again since.</summary>
    public required IReadOnlyList<LostCell> LostCells { get; init; }

    /// <summary>Whether writes of cells may be gone of which nothing is known any more: a cell that was not written since may then have an earlier value.</summary>
    public required bool MayHaveLostCells { get; init; }

    /// <summary>The damaged files, where they are kept, from the ledger's directory on.</summary>
    public required IReadOnlyList<string> Quarantined { get; init; }

    /// <summary>The epoch before.</summary>
    public required long EpochBefore { get; init; }

    /// <summary>The epoch now: one more if a fact, a cell or an append id was lost, or may have been.</summary>
    public required long Epoch { get; init; }

    /// <summary>The last position up to which the ledger is what it was. A cursor of the epoch before that is beyond it gets <see cref="LedgerForkedException"/>.</summary>
    public required Position LastCommonPosition { get; init; }

    /// <summary>Where the receipt is; none where nothing was changed.</summary>
    public required Position Receipt { get; init; }

    /// <summary>Whether there was damage.</summary>
    public bool WasDamaged => Damage.Count > 0;

    /// <summary>How many facts are gone.</summary>
    public long FactsLost => Lost.Sum(range => range.Count);
}

/// <summary>Consecutive positions.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them, included.</param>
public readonly record struct PositionRange(Position First, Position Last)
{
    /// <summary>How many there are.</summary>
    public long Count => Last.Value - First.Value + 1;

    /// <summary>Both ends, or the one position.</summary>
    public override string ToString() => First == Last ? First.ToString() : $"{First} to {Last}";
}

/// <summary>A fact of which only the header was left: it is known what it was, not what it said.</summary>
/// <param name="Position">Its place in the ledger.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="StreamVersion">Its place in the stream.</param>
/// <param name="Type">Its type, if it had one.</param>
public sealed record LostFact(Position Position, StreamName Stream, StreamVersion StreamVersion, string? Type);

/// <summary>A write of a cell of which the value is gone.</summary>
/// <param name="Cell">Which cell.</param>
/// <param name="Version">Which write of it.</param>
public sealed record LostCell(CellName Cell, CellVersion Version);

/// <summary>An append of which facts are gone and others are left.</summary>
/// <param name="AppendId">Its id, if it had one. It is known as before.</param>
/// <param name="Positions">The positions that it was given.</param>
public sealed record IncompleteAppend(string? AppendId, PositionRange Positions);

/// <summary>How far a repair has come.</summary>
/// <param name="BytesRead">Bytes of the log that were read.</param>
/// <param name="Bytes">Bytes of the log to read.</param>
public readonly record struct RepairProgress(long BytesRead, long Bytes);
