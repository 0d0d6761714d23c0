namespace Factstone;

/// <summary>What a call allocates.</summary>
internal static class Allocated
{
    const int Times = 5;

    /// <summary>The fewest bytes of five calls on this thread. The runtime allocates now and then while it compiles; what the call allocates comes each time.</summary>
    public static long Least(Action call)
    {
        var least = long.MaxValue;
        for (var i = 0; i < Times; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
