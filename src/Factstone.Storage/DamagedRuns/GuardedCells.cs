namespace Factstone.Storage;

/// <summary>The cells of a damaged run: from the run while its blocks are whole, then from the log, some hundred at a time.</summary>
internal sealed class GuardedCells(DamagedRun part, byte[] from, byte[] prefix) : CellCursor
{
    CellCursor? _ofRun;
    byte[] _term = [];
    bool _hasValue;
    TermPages? _ofLog;

    public override ReadOnlySpan<byte> Term => _term;

    public override bool HasValue => _hasValue;

    public override bool MoveNext()
    {
        if (_ofLog is null)
        {
            try
            {
                _ofRun ??= new RunCellCursor(part.Run, from, prefix);
                if (!_ofRun.MoveNext()) return false;
                var hasValue = _ofRun.HasValue;
                (_term, _hasValue) = (_ofRun.Term.ToArray(), hasValue);
                return true;
            }
            catch (RunDamagedException)
            {
                _ofLog = new TermPages(part, TermKind.Cell, _term.Length == 0 ? from : [.. _term, 0], prefix);
            }
        }

        if (!_ofLog.MoveNext()) return false;
        (_term, _hasValue) = (_ofLog.Term, _ofLog.Found.HasValue);
        return true;
    }
}

/// <summary>Terms in order, from the log. Each page takes one scan.</summary>
internal sealed class TermPages(DamagedRun part, TermKind kind, byte[] from, byte[] prefix)
{
    List<KeyValuePair<byte[], TermFound>> _page = [];
    byte[]? _next = from;
    int _index = -1;

    public byte[] Term => _page[_index].Key;

    public TermFound Found => _page[_index].Value;

    public bool MoveNext()
    {
        if (++_index < _page.Count) return true;
        if (_next is null) return false;
        var scan = part.Scan(new FirstTermsScan(kind, _next, prefix));
        (_page, _index) = ([.. scan.Found], 0);

        // The first term after another one is that term with a zero appended, which no term contains.
        _next = scan.IsCut && _page.Count > 0 ? [.. _page[^1].Key, 0] : null;
        return _page.Count > 0;
    }
}
