namespace Factstone.Storage;

/// <summary>A lock that is held until it is disposed, or the process ends.</summary>
internal interface IHeldLock : IDisposable
{
    /// <summary>Why another process may hold the same lock by now; null if none can. Takes a microsecond at most on a local disk.</summary>
    string? WhyLost();
}

/// <summary>The holder of a lock.</summary>
/// <param name="Text">The text that the holder wrote; empty if unknown.</param>
/// <param name="IsThisProcess">Whether it is this process.</param>
internal readonly record struct LockHolder(string Text, bool IsThisProcess)
{
    public static readonly LockHolder Unknown = new("", IsThisProcess: false);
}

/// <summary>The locks that this process holds on directories of the disk. A wait for one of them would wait for this process itself.</summary>
internal static class LocksOfThisProcess
{
    static readonly Lock Gate = new();
    static readonly HashSet<object> Held = [];

    public static void Add(object directory)
    {
        lock (Gate) Held.Add(directory);
    }

    public static void Remove(object directory)
    {
        lock (Gate) Held.Remove(directory);
    }

    public static bool Contains(object directory)
    {
        lock (Gate) return Held.Contains(directory);
    }
}
