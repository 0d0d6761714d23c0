namespace Factstone.Storage;

/// <summary>Finds a row in a table of ascending rows.</summary>
/// <remarks>
/// This is an interpolation search. Most ledgers grow evenly, so interpolation needs only a handful of probes, whereas
/// binary search needs one for each doubling of the table, and a probe may wait for memory. Every third probe halves the
/// remaining rows, so that no search takes more than three times as many probes as binary search.
/// </remarks>
internal static class RowSearch
{
    const int ProbesPerHalving = 3;

    /// <summary>The number of rows at or below a value; at least one.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="first">The first row, which is at or below the value.</param>
    /// <param name="end">The row after the last one; it is above the value.</param>
    /// <param name="value">The value.</param>
    public static long CountUntil<TRows>(in TRows rows, long count, long first, long end, long value) where TRows : struct, ISortedRows
    {
        long low = 0, high = count;
        for (var look = 1; high - low > 1; look++)
        {
            var share = look % ProbesPerHalving == 0 ? 0.5 : ((double)value - first) / ((double)end - first);
            var middle = Math.Clamp(low + (long)(share * (high - low)), low + 1, high - 1);
            var row = rows[middle];
            if (row <= value) (low, first) = (middle, row);
            else (high, end) = (middle, row);
        }

        return low + 1;
    }
}

/// <summary>Ascending numbers.</summary>
internal interface ISortedRows
{
    long this[long number] { get; }
}
