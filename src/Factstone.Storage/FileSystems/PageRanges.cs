namespace Factstone.Storage;

/// <summary>The pages of a file that take space on the disk, written or reserved. Almost always one range from the start.</summary>
/// <remarks>Always true: the ranges ascend and neither overlap nor touch.</remarks>
internal sealed class PageRanges
{
    readonly List<(long From, long To)> _ranges = [];

    public long Count { get; private set; }

    public static (long From, long To) Covering(long offset, long length) =>
        (offset / SparseBytes.PageSize, (offset + length + SparseBytes.PageSize - 1) / SparseBytes.PageSize);

    /// <summary>How many of these pages take no space yet.</summary>
    public long Missing((long From, long To) pages)
    {
        var missing = pages.To - pages.From;
        for (var i = _ranges.Count - 1; i >= 0 && _ranges[i].To > pages.From; i--)
            missing -= Math.Max(0, Math.Min(_ranges[i].To, pages.To) - Math.Max(_ranges[i].From, pages.From));
        return missing;
    }

    public void Add((long From, long To) pages)
    {
        if (pages.From >= pages.To) return;

        var first = _ranges.Count;
        while (first > 0 && _ranges[first - 1].To >= pages.From) first--;
        var end = first;
        while (end < _ranges.Count && _ranges[end].From <= pages.To) end++;

        if (end > first)
        {
            pages = (Math.Min(pages.From, _ranges[first].From), Math.Max(pages.To, _ranges[end - 1].To));
            for (var i = first; i < end; i++) Count -= _ranges[i].To - _ranges[i].From;
            _ranges.RemoveRange(first, end - first);
        }

        _ranges.Insert(first, pages);
        Count += pages.To - pages.From;
    }

    /// <summary>Releases the pages after the end of a file.</summary>
    /// <returns>The number of released pages.</returns>
    public long CutTo(long fileLength)
    {
        var (_, end) = Covering(0, fileLength);
        var before = Count;
        while (_ranges.Count > 0 && _ranges[^1].To > end)
        {
            var (from, to) = _ranges[^1];
            _ranges.RemoveAt(_ranges.Count - 1);
            Count -= to - from;
            if (from < end) Add((from, end));
        }

        return before - Count;
    }

    public PageRanges Clone()
    {
        var clone = new PageRanges { Count = Count };
        clone._ranges.AddRange(_ranges);
        return clone;
    }
}
