namespace Factstone.Storage;

/// <summary>Visits the positions of a term in one part.</summary>
internal sealed class LocationsCursor : PositionCursor
{
    readonly IStreamLocations _locations;
    readonly bool _isBackward;
    readonly int _first;
    readonly int _end;
    int _index;

    public LocationsCursor(IStreamLocations locations, Position after, Position until, bool backward)
    {
        (_locations, _isBackward) = (locations, backward);
        _first = locations.CountUntil(after);
        _end = locations.CountUntil(until);
        _index = backward ? _end - 1 : _first;
    }

    public override Position Current => _index >= _first && _index < _end ? _locations[_index].Position : Position.None;

    public override void MoveNext() => _index += _isBackward ? -1 : 1;

    public override void MoveTo(Position position)
    {
        var current = Current;
        if (current == Position.None) return;
        if (_isBackward)
        {
            if (current > position) _index = Math.Min(_index, _locations.CountUntil(position) - 1);
        }
        else if (current < position)
        {
            _index = Math.Max(_index, _locations.CountUntil(new Position(position.Value - 1)));
        }
    }
}
