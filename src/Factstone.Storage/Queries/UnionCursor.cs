namespace Factstone.Storage;

/// <summary>The positions that any of several cursors have, in order, each once.</summary>
/// <remarks>A heap of the cursors that are not at their end. Its memory grows with their number, never with their positions.</remarks>
internal sealed class UnionCursor : PositionCursor
{
    readonly bool _backward;
    readonly Member[] _heap;
    int _count;

    /// <param name="cursors">Cursors in the same direction; with each, whether its positions are only candidates.</param>
    /// <param name="backward">Their direction.</param>
    public UnionCursor(IReadOnlyList<(PositionCursor Cursor, bool NeedsCheck)> cursors, bool backward)
    {
        _backward = backward;
        _heap = new Member[cursors.Count];
        foreach (var (cursor, needsCheck) in cursors)
            if (cursor.Current != Position.None) _heap[_count++] = new Member(cursor, needsCheck, Rank(cursor.Current, needsCheck));
        for (var i = (_count / 2) - 1; i >= 0; i--) SiftDown(i);
    }

    public override Position Current => _count == 0 ? Position.None : _heap[0].Cursor.Current;

    /// <summary>Whether all cursors at <see cref="Current"/> return it only as a candidate.</summary>
    public bool NeedsCheck => _count > 0 && _heap[0].NeedsCheck;

    public override void MoveNext()
    {
        var passed = Current;
        while (_count > 0 && _heap[0].Cursor.Current == passed)
        {
            _heap[0].Cursor.MoveNext();
            Settle();
        }
    }

    public override void MoveTo(Position position)
    {
        while (_count > 0 && IsBefore(_heap[0].Cursor.Current, position))
        {
            _heap[0].Cursor.MoveTo(position);
            Settle();
        }
    }

    bool IsBefore(Position one, Position other) => _backward ? one > other : one < other;

    // Of the cursors at one position, a certain one is first, so that the first decides for all.
    long Rank(Position position, bool needsCheck) => ((_backward ? -position.Value : position.Value) * 2) + (needsCheck ? 1 : 0);

    /// <summary>Moves the first cursor, which has advanced, to its new place in the heap.</summary>
    void Settle()
    {
        var first = _heap[0];
        var at = first.Cursor.Current;
        if (at == Position.None)
        {
            _heap[0] = _heap[--_count];
            _heap[_count] = default;
        }
        else _heap[0] = first with { Rank = Rank(at, first.NeedsCheck) };

        SiftDown(0);
    }

    void SiftDown(int at)
    {
        var moved = _heap[at];
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= _count) break;
            if (child + 1 < _count && _heap[child + 1].Rank < _heap[child].Rank) child++;
            if (_heap[child].Rank >= moved.Rank) break;
            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = moved;
    }

    readonly record struct Member(PositionCursor Cursor, bool NeedsCheck, long Rank);
}
