using System.Text;

namespace Factstone.Storage;

/// <summary>The terms of a run as the run contains them, one dictionary block after the other. Terms that cannot be read are skipped.</summary>
internal static class RunTerms
{
    public static IEnumerable<RunTerm> Of(Run run, Action<long> isDamaged)
    {
        for (var block = 0L; block < run.Footer.BlockCount; block++)
        {
            if (Read(run, block) is not { } terms)
            {
                isDamaged(block);
                continue;
            }

            foreach (var term in terms) yield return term;
        }
    }

    static List<RunTerm>? Read(Run run, long block)
    {
        try
        {
            var found = new List<RunTerm>();
            var terms = new TermBlock(run.TermBlock(block).ToArray());
            while (terms.MoveNext()) found.Add(RunTerm.Read(run, terms.Term, terms.Value));
            GC.KeepAlive(run);
            return found;
        }
        catch (RunDamagedException)
        {
            return null;
        }
    }
}

/// <summary>A term of a run, and the locations of its facts in its value.</summary>
/// <param name="Term">The term.</param>
/// <param name="Count">For a list the number of its positions, for an append the number of its facts, for a cell 1.</param>
/// <param name="Locations">The locations of a list; null for other terms.</param>
/// <param name="Append">The append of an append id.</param>
/// <param name="Cell">The newest write of a cell.</param>
internal sealed record RunTerm(Term Term, long Count, IStreamLocations? Locations, IndexedAppend? Append, CellEntry? Cell)
{
    public static RunTerm Read(Run run, ReadOnlySpan<byte> term, ReadOnlyMemory<byte> value)
    {
        var kind = TermKey.Kind(term);
        var name = term[1..];
        var key = TermKey.HasKey(kind) ? Encoding.UTF8.GetString(TermKey.Key(term)) : null;
        if (key is not null) name = name[..name.IndexOf((byte)0)];
        var named = new Term(kind, Encoding.UTF8.GetString(name), key);
        switch (kind)
        {
            case TermKind.AppendId:
                var append = AppendSpanFormat.Read(value.Span, run.First);
                return new RunTerm(named, append.Span.Count, Locations: null, append, Cell: null);
            case TermKind.Cell:
                return new RunTerm(named, 1, Locations: null, Append: null, CellEntryFormat.Read(value.Span));
            default:
                var head = PositionListHead.Read(value.Span, kind, run.First);
                return new RunTerm(named, head.Count, new RunLocations(run, kind, head, value.Span), Append: null, Cell: null);
        }
    }
}
