namespace Factstone.Storage;

/// <summary>Every position in (after, until].</summary>
internal sealed class EveryPositionCursor : PositionCursor
{
    readonly long _last;
    readonly int _step;
    long _current;

    public EveryPositionCursor(Position after, Position until, bool backward)
    {
        _step = backward ? -1 : 1;
        (_current, _last) = backward ? (until.Value, after.Value + 1) : (after.Value + 1, until.Value);
        if (after >= until) _current = 0;
    }

    public override Position Current => new(_current);

    public override void MoveNext() => _current = _current == _last ? 0 : _current + _step;

    public override void MoveTo(Position position)
    {
        if (_current == 0 || (position.Value - _current) * _step <= 0) return;
        _current = (_last - position.Value) * _step < 0 ? 0 : position.Value;
    }
}
