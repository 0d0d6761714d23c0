namespace Factstone.Cli.Imports;

/// <summary>One append of the ledger that was exported, and its facts as the lines say them.</summary>
internal sealed record ExportedBatch(AppendRequest Request, string Source, IReadOnlyList<ExportedFact> Facts) : ImportBatch(Request, Source)
{
    /// <summary>Where it is from.</summary>
    public LedgerId Ledger => Facts[0].Ledger;
}

/// <summary>A fact of another ledger.</summary>
/// <param name="Line">The number of its line.</param>
/// <param name="Ledger">Its ledger.</param>
/// <param name="Position">Its position there.</param>
/// <param name="Id">Its id there.</param>
/// <param name="RecordedAt">When it was recorded there.</param>
/// <param name="Version">Its place in its stream, there and here.</param>
/// <param name="Cause">The id there of its cause.</param>
/// <param name="Fact">All that does not depend on the ledger.</param>
internal sealed record ExportedFact(long Line, LedgerId Ledger, Position Position, Guid Id, DateTimeOffset RecordedAt, StreamVersion Version, Guid? Cause, NewFact Fact);
