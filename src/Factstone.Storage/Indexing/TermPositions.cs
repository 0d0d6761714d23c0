namespace Factstone.Storage;

/// <summary>Visits the positions of a term, one part of the index after the other.</summary>
internal sealed class TermPositions : PositionCursor
{
    readonly IndexPart[] _parts;
    readonly Term _term;
    readonly byte[] _key;
    readonly Position _after;
    readonly Position _until;
    readonly bool _isBackward;
    int _part;
    PositionCursor? _positions;

    public TermPositions(IndexPart[] parts, in Term term, Position after, Position until, bool backward)
    {
        (_parts, _term, _after, _until, _isBackward) = (parts, term, after, until, backward);
        _key = parts.Length > 1 ? TermKey.Encode(term) : [];
        _part = backward ? parts.Length : -1;
        NextPart(backward ? until : after.Next());
    }

    public override Position Current => _positions?.Current ?? Position.None;

    public override void MoveNext()
    {
        if (_positions is null) return;
        _positions.MoveNext();
        if (_positions.Current == Position.None) NextPart(_isBackward ? _until : _after.Next());
    }

    public override void MoveTo(Position position)
    {
        if (_positions is null) return;
        _positions.MoveTo(position);
        if (_positions.Current == Position.None) NextPart(position);
        if (_positions is not null) _positions.MoveTo(position);
    }

    /// <summary>Moves to the next part with a position of the term at or beyond a given position.</summary>
    void NextPart(Position from)
    {
        _positions = null;
        while (_positions is null)
        {
            _part += _isBackward ? -1 : 1;
            if (_part < 0 || _part >= _parts.Length) return;
            var part = _parts[_part];
            if (part.First > _until || part.Last <= _after || (_isBackward ? part.First > from : part.Last < from)) continue;
            var key = _key.Length > 0 ? TermKey.Of(_key) : default;
            var found = part.Open(_term, key, _after, _until, _isBackward);
            found?.MoveTo(from);
            if (found is not null && found.Current != Position.None) _positions = found;
        }
    }
}
