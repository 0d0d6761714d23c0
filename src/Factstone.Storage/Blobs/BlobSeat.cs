namespace Factstone.Storage;

/// <summary>The directory in which one writer of a store writes its parts, and its lock.</summary>
/// <remarks>
/// Always true: a part in a directory whose lock is free is the leftover of a writer that no longer exists.
/// So any number of processes can put blobs at the same time, and none removes what another is writing.
/// </remarks>
internal sealed class BlobSeat : IDisposable
{
    /// <summary>Bounds the search; as many writers can put blobs into one store.</summary>
    const int SeatsMax = 4_096;

    readonly IHeldLock _lock;

    BlobSeat(string path, IHeldLock held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>Takes the first free directory, and removes the leftovers in all free ones.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="layout">The store.</param>
    /// <param name="time">For the text of the lock.</param>
    public static BlobSeat Take(IFileSystem files, BlobLayout layout, TimeProvider time)
    {
        var holder = Holder(time);
        for (var number = 1; number <= SeatsMax; number++)
        {
            var path = layout.Seat(number);
            files.CreateDirectory(path);
            if (files.TryLock(BlobLayout.Lock(path), holder, out _) is not { } held) continue;
            TryRemoveParts(files, path);
            TryRemoveLeftovers(files, layout, time);
            return new BlobSeat(path, held);
        }

        throw new LedgerIOException(layout.New, "lock", $"{SeatsMax:N0} writers put blobs there at the same time");
    }

    /// <summary>Removes what writers have left that no longer exist, as far as possible.</summary>
    public static void TryRemoveLeftovers(IFileSystem files, BlobLayout layout, TimeProvider time)
    {
        try
        {
            foreach (var name in files.ListDirectories(layout.New).Where(BlobLayout.IsSeat))
            {
                var path = $"{layout.New}/{name}";
                if (!files.List(path).Any(BlobLayout.IsPart)) continue;
                using var held = files.TryLock(BlobLayout.Lock(path), Holder(time), out _);
                if (held is not null) TryRemoveParts(files, path);
            }
        }
        catch (FactstoneException)
        {
            // They take space, and nothing refers to them. The next open for writing tries again.
        }
    }

    public void Dispose() => _lock.Dispose();

    static void TryRemoveParts(IFileSystem files, string seat)
    {
        try
        {
            foreach (var name in files.List(seat).Where(BlobLayout.IsPart)) files.Delete($"{seat}/{name}");
        }
        catch (FactstoneException)
        {
            // As above.
        }
    }

    static string Holder(TimeProvider time) => $"process {Environment.ProcessId} on {Environment.MachineName} since {Microseconds.ToText(time.GetUtcNow())}";
}
