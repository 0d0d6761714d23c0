namespace Factstone.Storage;

/// <summary>Visits the terms of a run in order, from the first term that is not before a given one.</summary>
/// <remarks>Threads: one at a time. What it returns is valid until it moves.</remarks>
internal sealed class TermCursor
{
    readonly Run _run;
    readonly byte[] _from;
    long _block;
    readonly TermBlock _terms = new();
    byte[] _bytes = [];
    bool _isOpen;

    /// <param name="run">The run.</param>
    /// <param name="from">The first term; it need not exist. Empty for the first term of the run.</param>
    /// <param name="block">The dictionary block that contains it, or the one before; null if not known.</param>
    public TermCursor(Run run, byte[] from, long? block = null)
    {
        (_run, _from, _block) = (run, from, block ?? 0);
        if (from.Length == 0 || block is not null) return;

        // The last block whose first term is not after it.
        _block = BinarySearch.Count(new BlocksUntil(this), checked((int)run.Footer.BlockCount), known: 1) - 1;
    }

    public Run Run => _run;

    public ReadOnlySpan<byte> Term => _terms.Term;

    public ReadOnlySpan<byte> Value => _terms.Value.Span;

    public bool MoveNext()
    {
        while (true)
        {
            if (!_isOpen)
            {
                if (_block >= _run.Footer.BlockCount) return false;
                Load(_block++);
                _isOpen = true;
            }

            while (_terms.MoveNext())
                if (_terms.Term.SequenceCompareTo(_from) >= 0) return true;
            _isOpen = false;
        }
    }

    /// <summary>Compares the first term of a block, which is stored in full, with the term to begin from.</summary>
    int CompareFirst(long block)
    {
        var order = TermBlock.First(_run.TermBlock(block)).SequenceCompareTo(_from);
        GC.KeepAlive(_run);
        return order;
    }

    void Load(long block)
    {
        var bytes = _run.TermBlock(block);
        if (_bytes.Length < bytes.Length) _bytes = new byte[bytes.Length * 2];
        bytes.CopyTo(_bytes);
        _terms.Open(_bytes.AsMemory(0, bytes.Length));
        GC.KeepAlive(_run);
    }

    /// <summary>The blocks whose first term is not after the term to begin from.</summary>
    readonly struct BlocksUntil(TermCursor cursor) : IFirstItems
    {
        public bool Contains(int number) => cursor.CompareFirst(number) <= 0;
    }
}
