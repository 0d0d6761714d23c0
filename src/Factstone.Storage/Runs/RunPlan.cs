namespace Factstone.Storage;

/// <summary>Which runs are to become one: eight of a size, or smaller ones and the larger one behind them.</summary>
/// <remarks>So each fact is written anew about once for each level, and there are never more than seven runs of a level: their number grows with the logarithm of the ledger.</remarks>
internal static class RunPlan
{
    public const int RunsPerMerge = 8;

    /// <summary>Runs of fewer facts, cells and append ids are all of the lowest level.</summary>
    const long SmallItems = 4_096;

    /// <summary>The next runs to be merged; an empty range when there are none.</summary>
    /// <param name="items">How many facts, cells or append ids each run has, whichever it has most of; oldest first.</param>
    /// <param name="hasSpace">Whether there is space for a merge of a range; others are chosen where there is not.</param>
    public static Range Next(ReadOnlySpan<long> items, Predicate<Range>? hasSpace = null)
    {
        for (var i = 1; i < items.Length; i++)
        {
            // A small run before a larger one, from a ledger that was closed early: it would stay there for ever.
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

    /// <summary>What is to be merged beyond that while nothing is appended, until each run has more than twice as much as all newer ones: then there are few to look into.</summary>
    /// <param name="items">How much each run has, oldest first.</param>
    /// <param name="hasSpace">Whether there is space for a merge of a range.</param>
    public static Range NextWhenIdle(ReadOnlySpan<long> items, Predicate<Range>? hasSpace = null)
    {
        var first = items.Length;
        var newer = 0L;
        for (var i = items.Length - 1; i >= 0; i--)
        {
            if (newer * 2 >= items[i]) first = i;
            newer += items[i];
        }

        // The newest first, since they are the smallest.
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
