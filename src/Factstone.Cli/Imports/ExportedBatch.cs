namespace Factstone.Cli.Imports;

/// <summary>One append of the exported ledger, with its facts as in the lines.</summary>
internal sealed record ExportedBatch(AppendRequest Request, string Source, IReadOnlyList<ExportedFact> Facts) : ImportBatch(Request, Source)
{
    /// <summary>The ledger that it is from.</summary>
    public LedgerId Ledger => Facts[0].Ledger;
}

/// <summary>A fact of another ledger.</summary>
/// <param name="Line">The number of its line.</param>
/// <param name="Ledger">Its ledger.</param>
/// <param name="Position">Its position there.</param>
/// <param name="Id">Its id there.</param>
/// <param name="RecordedAt">When it was recorded there.</param>
/// <param name="Version">Its version in its stream, there and here.</param>
/// <param name="Cause">The id of its cause there.</param>
/// <param name="Fact">Everything that does not depend on the ledger.</param>
internal sealed record ExportedFact(long Line, LedgerId Ledger, Position Position, Guid Id, DateTimeOffset RecordedAt, StreamVersion Version, Guid? Cause, NewFact Fact);

/// <summary>A part of the content of a blob.</summary>
/// <param name="Line">The number of its line.</param>
/// <param name="Cid">The blob.</param>
/// <param name="Size">Bytes of the whole content.</param>
/// <param name="At">Where the part begins.</param>
/// <param name="Content">The part.</param>
internal sealed record ExportedPiece(long Line, Cid Cid, long Size, long At, byte[] Content) : ImportBatch(new AppendRequest(), $"line {Line}");

/// <summary>A cell of another ledger.</summary>
/// <param name="Line">The number of its line.</param>
/// <param name="Cell">The cell.</param>
internal sealed record ExportedCell(long Line, NewCell Cell) : ImportBatch(new AppendRequest { Cells = [Cell], Conditions = [AppendCondition.CellAbsent(Cell.Cell.Bucket, Cell.Cell.Name)] }, $"line {Line}");
