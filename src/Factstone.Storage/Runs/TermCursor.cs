namespace Factstone.Storage;

/// <summary>Goes through the terms of a run in order, from the first that is not before a given one.</summary>
/// <remarks>Threads: one at a time. What it shows is valid until it moves.</remarks>
internal sealed class TermCursor
{
    readonly Run _run;
    readonly byte[] _from;
    long _block;
    TermBlock? _terms;

    public TermCursor(Run run, byte[] from)
    {
        (_run, _from) = (run, from);

        // The last block whose first term is not behind it.
        long low = 1, high = run.Footer.BlockCount;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (FirstTerm(middle).SequenceCompareTo(from) <= 0) low = middle + 1;
            else high = middle;
        }

        _block = low - 1;
    }

    public Run Run => _run;

    public ReadOnlySpan<byte> Term => _terms!.Term;

    public ReadOnlySpan<byte> Value => _terms!.Value.Span;

    public bool MoveNext()
    {
        while (true)
        {
            if (_terms is null)
            {
                if (_block >= _run.Footer.BlockCount) return false;
                _terms = Load(_block++);
            }

            while (_terms.MoveNext())
                if (_terms.Term.SequenceCompareTo(_from) >= 0) return true;
            _terms = null;
        }
    }

    ReadOnlySpan<byte> FirstTerm(long block)
    {
        var terms = Load(block);
        terms.MoveNext();
        return terms.Term;
    }

    TermBlock Load(long block)
    {
        var terms = new TermBlock(_run.TermBlockAt(block).ToArray());
        GC.KeepAlive(_run);
        return terms;
    }
}
