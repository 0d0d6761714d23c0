namespace Factstone.Storage;

/// <summary>Chooses the runs to be merged into one: eight of a level, or smaller runs and the larger run after them.</summary>
/// <remarks>So each fact is rewritten about once for each level, and there are never more than seven runs of a level: the number of runs grows with the logarithm of the ledger.</remarks>
internal static class RunPlan
{
    public const int RunsPerMerge = 8;

    /// <summary>All runs with fewer facts, cells and append ids than this are of the lowest level.</summary>
    const long SmallItems = 4_096;

    /// <summary>The next runs to be merged; an empty range if there are none.</summary>
    /// <param name="items">The number of facts, of cells or of append ids of each run, whichever is largest; oldest run first.</param>
    /// <param name="hasSpace">Whether the disk has space for a merge of a range. If not, another range is chosen.</param>
    public static Range Next(ReadOnlySpan<long> items, Predicate<Range>? hasSpace = null)
    {
        for (var i = 1; i < items.Length; i++)
        {
            // A small run before a larger one comes from a ledger that was closed early. It would stay there for ever.
            if (Level(items[i - 1]) >= Level(items[i])) continue;
            var first = i - 1;
            while (first > 0 && i - first + 1 < RunsPerMerge && Level(items[first - 1]) < Level(items[i])) first--;
            if (HasSpace(first..(i + 1))) return first..(i + 1);
        }

        var same = 1;
        for (var i = 1; i < items.Length; i++)
        {
            same = Level(items[i - 1]) == Level(items[i]) ? same + 1 : 1;
            if (same >= RunsPerMerge && HasSpace((i + 1 - RunsPerMerge)..(i + 1))) return (i + 1 - RunsPerMerge)..(i + 1);
        }

        return 0..0;

        bool HasSpace(Range range) => hasSpace is null || hasSpace(range);
    }

    /// <summary>The next runs to be merged in addition while the ledger is idle, until each run has more than twice as much as all newer ones. Then a lookup visits few runs.</summary>
    /// <param name="items">The size of each run, oldest first.</param>
    /// <param name="hasSpace">Whether the disk has space for a merge of a range.</param>
    public static Range NextWhenIdle(ReadOnlySpan<long> items, Predicate<Range>? hasSpace = null)
    {
        var first = items.Length;
        var newer = 0L;
        for (var i = items.Length - 1; i >= 0; i--)
        {
            if (newer * 2 >= items[i]) first = i;
            newer += items[i];
        }

        // The newest runs are merged first, because they are the smallest.
        var range = Math.Max(first, items.Length - RunsPerMerge)..items.Length;
        return first < items.Length && (hasSpace is null || hasSpace(range)) ? range : 0..0;
    }

    static int Level(long items)
    {
        var level = 0;
        for (var size = SmallItems; items >= size; size *= RunsPerMerge) level++;
        return level;
    }
}
