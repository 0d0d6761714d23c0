namespace Factstone.Cli.Imports;

/// <summary>Maps positions of another ledger to positions here. Consecutive facts that stay consecutive take one row.</summary>
internal sealed class MovedPositions
{
    /// <summary>Beyond this number, the oldest half is forgotten.</summary>
    const int RowsMax = 200_000;

    readonly List<(long There, long Here, long Count)> _rows = [];

    /// <summary>Positions there come in ascending order; a position that came before is skipped.</summary>
    public void Add(Position there, Position here)
    {
        if (_rows.Count > 0)
        {
            var (first, at, count) = _rows[^1];
            if (there.Value < first + count) return;
            if (there.Value == first + count && here.Value == at + count)
            {
                _rows[^1] = (first, at, count + 1);
                return;
            }
        }

        if (_rows.Count == RowsMax) _rows.RemoveRange(0, RowsMax / 2);
        _rows.Add((there.Value, here.Value, 1));
    }

    public bool TryFind(Position there, out Position here)
    {
        int low = 0, high = _rows.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_rows[middle].There <= there.Value) low = middle + 1;
            else high = middle;
        }

        here = default;
        if (low == 0 || there.Value >= _rows[low - 1].There + _rows[low - 1].Count) return false;
        here = new Position(_rows[low - 1].Here + (there.Value - _rows[low - 1].There));
        return true;
    }
}
