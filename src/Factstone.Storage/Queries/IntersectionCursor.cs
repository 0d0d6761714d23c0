namespace Factstone.Storage;

/// <summary>The positions that several cursors have in common. The first cursor leads and should have the fewest positions: the others skip to its position.</summary>
internal sealed class IntersectionCursor : PositionCursor
{
    readonly PositionCursor[] _cursors;
    bool _isAtEnd;

    /// <param name="cursors">At least one; all in the same direction.</param>
    public IntersectionCursor(PositionCursor[] cursors)
    {
        _cursors = cursors;
        Settle();
    }

    public override Position Current => _isAtEnd ? Position.None : _cursors[0].Current;

    public override void MoveNext()
    {
        if (_isAtEnd) return;
        _cursors[0].MoveNext();
        Settle();
    }

    public override void MoveTo(Position position)
    {
        if (_isAtEnd) return;
        _cursors[0].MoveTo(position);
        Settle();
    }

    /// <summary>Moves to the first position that all cursors have.</summary>
    void Settle()
    {
        var lead = _cursors[0];
        for (var i = 1; i < _cursors.Length && lead.Current != Position.None; i++)
        {
            var cursor = _cursors[i];
            cursor.MoveTo(lead.Current);
            if (cursor.Current == lead.Current) continue;
            if (cursor.Current == Position.None)
            {
                _isAtEnd = true;
                return;
            }

            lead.MoveTo(cursor.Current);
            i = 0;
        }

        _isAtEnd = lead.Current == Position.None;
    }
}
