namespace Factstone.Storage;

/// <summary>The positions of a term in a damaged run: from the run while its blocks are whole, then from the log.</summary>
internal sealed class GuardedPositions : PositionCursor
{
    readonly Func<Position, Position, PositionCursor> _scan;
    readonly bool _isBackward;
    Position _after;
    Position _until;
    PositionCursor _cursor;
    Position _current;
    bool _isOfLog;

    /// <param name="ofRun">The cursor of the run.</param>
    /// <param name="after">The position before the first of its range.</param>
    /// <param name="until">The last position of its range.</param>
    /// <param name="backward">Whether the order is descending.</param>
    /// <param name="scan">Opens a cursor over the log for a range.</param>
    public GuardedPositions(PositionCursor ofRun, Position after, Position until, bool backward, Func<Position, Position, PositionCursor> scan)
    {
        (_cursor, _after, _until, _isBackward, _scan) = (ofRun, after, until, backward, scan);
        Move(static (_, _) => { }, Position.None);
    }

    public override Position Current => _current;

    public override void MoveNext()
    {
        if (_current == Position.None) return;
        if (_isBackward) _until = new Position(_current.Value - 1);
        else _after = _current;
        Move(static (cursor, _) => cursor.MoveNext(), Position.None);
    }

    public override void MoveTo(Position position)
    {
        if (_current == Position.None || (_isBackward ? _current <= position : _current >= position)) return;
        if (_isBackward) _until = position;
        else _after = new Position(position.Value - 1);
        Move(static (cursor, position) => cursor.MoveTo(position), position);
    }

    void Move(Action<PositionCursor, Position> move, Position position)
    {
        try
        {
            move(_cursor, position);
            _current = _cursor.Current;
        }
        catch (RunDamagedException) when (!_isOfLog)
        {
            (_cursor, _isOfLog) = (_scan(_after, _until), true);
            _current = _cursor.Current;
        }
    }
}

/// <summary>The positions of a term from the log, those of one segment at a time.</summary>
internal sealed class ScannedPositions : PositionCursor
{
    readonly DamagedRun _part;
    readonly TermBytes _term;
    readonly bool _isBackward;
    readonly IReadOnlyList<LogPiece> _pieces;
    Position _after;
    Position _until;
    List<Position> _found = [];
    int _index;
    int _piece;

    public ScannedPositions(DamagedRun part, TermBytes term, Position after, Position until, bool backward)
    {
        (_part, _term, _after, _until, _isBackward) = (part, term, after, until, backward);
        _pieces = part.Pieces();
        _piece = backward ? _pieces.Count : -1;
        Advance();
    }

    public override Position Current => _index < _found.Count ? _found[_index] : Position.None;

    public override void MoveNext()
    {
        _index++;
        Advance();
    }

    public override void MoveTo(Position position)
    {
        if (_isBackward) _until = position < _until ? position : _until;
        else if (position.Value - 1 > _after.Value) _after = new Position(position.Value - 1);
        while (_index < _found.Count && (_isBackward ? _found[_index] > position : _found[_index] < position)) _index++;
        Advance();
    }

    /// <summary>Moves to the next segment that has any.</summary>
    void Advance()
    {
        while (_index >= _found.Count)
        {
            _piece += _isBackward ? -1 : 1;
            if (_piece < 0 || _piece >= _pieces.Count) return;
            var piece = _pieces[_piece];
            if (piece.Until.Value - 1 <= _after.Value || piece.First > _until) continue;
            var scan = new TermScan(_term, _after, _until);
            _part.Scan(scan, piece);
            (_found, _index) = (scan.Found, 0);
            if (_isBackward) _found.Reverse();
        }
    }
}
