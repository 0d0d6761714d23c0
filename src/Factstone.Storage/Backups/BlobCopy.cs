namespace Factstone.Storage;

/// <summary>Copies all blobs of a ledger or a backup, and checks every copy.</summary>
/// <remarks>A blob is durable before an append that refers to it. So the blobs that exist after a log was pinned include all to which the pinned part refers.</remarks>
/// <param name="task">The copy.</param>
/// <param name="done">What the copy would have been, for messages.</param>
internal sealed class BlobCopy(CopyTask task, string done)
{
    readonly BlobLayout _from = new(task.From.Blobs);
    readonly BlobLayout _to = new(task.To.Blobs);

    /// <summary>The bytes to copy now.</summary>
    public long Bytes() => FileBlobStore.Blobs(task.Source, _from).Sum(blob => SizeOf(task.Source, blob.Path));

    /// <summary>Copies the blobs. The names of the copies are durable when it returns.</summary>
    /// <returns>The number of blobs, and their bytes.</returns>
    /// <exception cref="BlobDamagedException">A blob is damaged.</exception>
    public (long Blobs, long Bytes) Copy()
    {
        var (blobs, bytes) = (0L, 0L);
        string? copying = null;
        foreach (var (shard, path, cid) in FileBlobStore.Blobs(task.Source, _from))
        {
            if (shard != copying)
            {
                if (copying is not null) task.Target.SyncDirectory($"{_to.Root}/{copying}");
                task.Target.CreateDirectory($"{_to.Root}/{shard}");
                copying = shard;
            }

            blobs++;
            bytes += Copy(path, cid);
        }

        if (copying is not null)
        {
            task.Target.SyncDirectory($"{_to.Root}/{copying}");
            task.Target.SyncDirectory(_to.Root); // an attempt that was stopped may have left directories whose names are not durable
        }

        return (blobs, bytes);
    }

    long Copy(string path, Cid cid)
    {
        var copyPath = _to.Blob(cid);
        var size = SizeOf(task.Source, path);
        task.Copy(path, copyPath, size);
        if (IsWhole(task.Target, copyPath, cid)) return size;

        // Either the blob was damaged already, or the copy failed: another read shows which.
        throw IsWhole(task.Source, path, cid)
            ? new LedgerIOException(copyPath, "copy", "what was read back differs from what was written")
            : new BlobDamagedException(cid, path, $"its bytes do not have the hash of its name, so nothing was {done}. To go on without the blob, move its file away");
    }

    static bool IsWhole(IFileSystem files, string path, Cid cid)
    {
        using var file = files.Open(path, FileOpening.ReadOnly);
        return FileBlobStore.IsWhole(file, cid);
    }

    static long SizeOf(IFileSystem files, string path)
    {
        using var file = files.Open(path, FileOpening.ReadOnly);
        return file.Length;
    }
}
