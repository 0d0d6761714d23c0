namespace Factstone.Storage;

/// <summary>Visits the cells of a run.</summary>
/// <param name="run">The run.</param>
/// <param name="from">The first term; it need not exist.</param>
/// <param name="prefix">The beginning of the terms.</param>
internal sealed class RunCellCursor(Run run, byte[] from, byte[] prefix) : CellCursor
{
    readonly TermCursor _terms = new(run, from);

    public override ReadOnlySpan<byte> Term => _terms.Term;

    public override bool HasValue => !CellEntryFormat.Read(_terms.Value).IsDeleted;

    public override bool MoveNext() => _terms.MoveNext() && _terms.Term.StartsWith(prefix);
}
