namespace Factstone.Storage;

/// <summary>Goes through the cells of a run.</summary>
/// <param name="run">The run.</param>
/// <param name="from">The first term, whether it is there or not.</param>
/// <param name="prefix">What the terms begin with.</param>
internal sealed class RunCellCursor(Run run, byte[] from, byte[] prefix) : CellCursor
{
    readonly TermCursor _terms = new(run, from);

    public override ReadOnlySpan<byte> Term => _terms.Term;

    public override bool HasValue => !CellEntryFormat.Read(_terms.Value).IsDeleted;

    public override bool MoveNext() => _terms.MoveNext() && _terms.Term.StartsWith(prefix);
}
