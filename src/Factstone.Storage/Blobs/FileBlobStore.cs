using System.Buffers;
using System.Runtime.CompilerServices;

namespace Factstone.Storage;

/// <summary>Blobs as files of one directory. See docs/format.md, "Blobs".</summary>
/// <remarks>
/// Always true: a file gets the name of a blob only when all its bytes are durable and have the hash of that name. No file
/// is changed after that; a damaged one is replaced by renaming a whole one over it. A put returns when the name is durable, too.
/// Threads and processes: any number.
/// </remarks>
internal sealed class FileBlobStore : IBlobStore, IDisposable
{
    readonly IFileSystem _files;
    readonly string? _above;
    readonly IOpenDirectory? _directory;
    readonly BlobLayout _layout;
    readonly BlobStorageOptions _options;
    readonly Lock _gate = new();
    readonly HashSet<BlobPart> _parts = [];
    readonly HashSet<string> _knownShards = new(StringComparer.Ordinal);
    readonly HashSet<string> _unsureShards = new(StringComparer.Ordinal);
    BlobSeat? _seat;
    bool _isDisposed;

    /// <param name="files">The file system.</param>
    /// <param name="root">The directory of the store, which need not exist.</param>
    /// <param name="isReadOnly">Whether puts are refused.</param>
    /// <param name="options">The options.</param>
    /// <param name="above">The ledger's directory, in which the store's gets its name; null if the store's exists and is durable.</param>
    /// <param name="directory">Released at the end; null if the caller keeps it open for longer.</param>
    public FileBlobStore(IFileSystem files, string root, bool isReadOnly, BlobStorageOptions options, string? above = null, IOpenDirectory? directory = null) =>
        (_files, _layout, IsReadOnly, _options, _above, _directory) = (files, new BlobLayout(root), isReadOnly, options, above, directory);

    /// <summary>The blobs of a ledger that the caller keeps open.</summary>
    public static FileBlobStore OfLedger(IFileSystem files, LedgerLayout ledger, bool isReadOnly, BlobStorageOptions options, IOpenDirectory? directory = null) =>
        new(files, ledger.Blobs, isReadOnly, options, ledger.Root, directory);

    /// <summary>The blobs of a ledger, beside its writer or without one.</summary>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="LedgerUnfinishedException">A backup or a restore into the directory was not finished.</exception>
    /// <exception cref="LedgerIsBackupException">Puts are asked for, and the directory is a backup.</exception>
    public static FileBlobStore OpenBeside(IFileSystem files, LedgerLayout ledger, bool isReadOnly, BlobStorageOptions options)
    {
        if (files.FileExists(ledger.Root)) throw new LedgerNotFoundException(ledger.Root, "it is a file, and a ledger is a directory.");
        LedgerDirectory.RefuseUnfinished(files, ledger);
        if (!LedgerDirectory.HoldsLedger(files, ledger)) throw new LedgerNotFoundException(ledger.Root, "the directory does not contain one.");
        if (!isReadOnly) LedgerDirectory.RefuseForWriting(files, ledger);
        var directory = files.OpenDirectory(ledger.Root);
        return OfLedger(directory, ledger, isReadOnly, options, directory);
    }

    /// <summary>A store in any directory. For puts it is created if it does not exist, and leftovers of earlier writers are removed.</summary>
    public static FileBlobStore Open(IFileSystem files, string root, bool isReadOnly, BlobStorageOptions options)
    {
        if (!isReadOnly) files.CreateDirectory(root);
        var directory = files.OpenDirectory(root);
        if (!isReadOnly) BlobSeat.TryRemoveLeftovers(directory, new BlobLayout(root), options.Time);
        return new FileBlobStore(directory, root, isReadOnly, options, above: null, directory);
    }

    public bool IsReadOnly { get; }

    public async ValueTask<BlobReference> PutAsync(Stream content, string mime = BlobReference.MimeDefault, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(mime);
        if (MimeType.Wrong(mime) is { } wrong) throw new ArgumentException(wrong, nameof(mime));
        if (!content.CanRead) throw new ArgumentException("The stream cannot be read.", nameof(content));
        ThrowIfClosed();
        if (IsReadOnly) throw new InvalidOperationException($"The blobs in '{_layout.Root}' were opened for reading only. Nothing was stored.");

        var buffer = ArrayPool<byte>.Shared.Rent(_options.ChunkBytes);
        BlobPart? part = null;
        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, _options.ChunkBytes), _options.ChunkBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                var isLast = read < _options.ChunkBytes;

                // A file is created, written and synced on the thread pool, because each of these can wait for the disk.
                var answer = await Task.Run(() => Step(ref part, buffer.AsSpan(0, read), isFirst, isLast), CancellationToken.None).ConfigureAwait(false);
                if (answer is var (cid, size)) return new BlobReference(cid, size, mime);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            End(part);
        }
    }

    public ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        var path = _layout.Blob(cid);
        if (!_files.FileExists(path)) throw new BlobNotFoundException(cid, _layout.Root);
        var file = _files.Open(path, FileOpening.ReadOnly);
        try
        {
            return ValueTask.FromResult(new BlobContent(new StoredContent(file, ownsFile: true), cid, file.Length, path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        var path = _layout.Blob(cid);
        return ValueTask.FromResult<BlobStat?>(_files.FileExists(path) ? new BlobStat(cid, SizeOf(path)) : null);
    }

    public async IAsyncEnumerable<BlobStat> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        ThrowIfClosed();
        foreach (var (_, path, cid) in Blobs(_files, _layout))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfClosed();
            yield return new BlobStat(cid, SizeOf(path));
        }
    }

    /// <summary>The blobs of a store, one directory after the other.</summary>
    public static IEnumerable<(string Shard, string Path, Cid Cid)> Blobs(IFileSystem files, BlobLayout layout)
    {
        foreach (var shard in files.ListDirectories(layout.Root).Where(BlobLayout.IsShard))
            foreach (var name in files.List($"{layout.Root}/{shard}"))
                if (BlobLayout.IsBlob(shard, name, out var cid))
                    yield return (shard, $"{layout.Root}/{shard}/{name}", cid.Value);
    }

    /// <summary>Whether a file has the content of its name. It is read to its end.</summary>
    public static bool IsWhole(IStorageFile file, Cid cid)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlobStorageOptions.ChunkBytesDefault);
        using var content = new BlobContent(new StoredContent(file, ownsFile: false), cid, file.Length, file.Path);
        try
        {
            while (content.Read(buffer.AsSpan()) > 0) { }
            return true;
        }
        catch (BlobDamagedException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Abandons the puts in progress, whose callers get <see cref="ObjectDisposedException"/>; waits for one that gives a file its name.</summary>
    public void Dispose()
    {
        BlobPart[] parts;
        lock (_gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            parts = [.. _parts];
        }

        foreach (var part in parts) part.Dispose();
        _seat?.Dispose();
        _directory?.Dispose();
    }

    /// <summary>One piece of content. Small content that is stored already is not written again.</summary>
    /// <returns>The name and the size of the blob, when it is durable; null if there is more content.</returns>
    (Cid Cid, long Size)? Step(ref BlobPart? part, ReadOnlySpan<byte> piece, bool isFirst, bool isLast)
    {
        if (isFirst && isLast && Cid.Of(piece) is var small && TryUseStored(small, piece.Length)) return (small, piece.Length);

        part ??= Begin();
        RequireSpace(piece.Length);
        part.Append(piece);
        return isLast ? (Publish(part), part.Size) : null;
    }

    /// <summary>Makes a written blob durable under its name. The order is the guarantee.</summary>
    Cid Publish(BlobPart part)
    {
        var cid = part.EndOfContent();
        if (TryUseStored(cid, part.Size)) return cid;

        var shard = _layout.Shard(cid);
        RequireShard(shard);
        try
        {
            part.Rename(_layout.Blob(cid));   // after a sync of its bytes
            SyncNames(shard);                 // durable from here
            return cid;
        }
        catch (FactstoneException)
        {
            // The directory may have been removed: the next put creates it again.
            lock (_gate) _knownShards.Remove(shard);
            throw;
        }
    }

    /// <summary>Uses a blob that has the name already, if it is whole, and makes it durable: the put that has stored it may not have returned.</summary>
    /// <returns>False if there is none, or it is damaged or unreadable, so that the new one has to take its place.</returns>
    bool TryUseStored(Cid cid, long size)
    {
        var (path, shard) = (_layout.Blob(cid), _layout.Shard(cid));
        lock (_gate)
            if (_unsureShards.Contains(shard)) return false;
        if (!_files.FileExists(path)) return false;
        try
        {
            // For writing, because not every system syncs a file that was opened for reading. A file that somebody has copied here may not have been synced.
            using var file = _files.Open(path, FileOpening.Existing);
            if (file.Length != size || !IsWhole(file, cid)) return false;
            file.Sync();
        }
        catch (LedgerIOException)
        {
            return false;
        }

        RequireShard(shard);
        SyncNames(shard);
        return true;
    }

    /// <summary>The directory of a blob. The first time its name is synced although it exists: another process may have created it a moment ago.</summary>
    void RequireShard(string shard)
    {
        lock (_gate)
            if (_knownShards.Contains(shard)) return;
        _files.CreateDirectory(shard);
        _files.SyncNewName(_layout.Root);
        lock (_gate) _knownShards.Add(shard);
    }

    /// <summary>Makes the names in a directory durable. After a failure another sync would prove nothing for the names that are there, so they are not used any more: each put renames a new file over them.</summary>
    void SyncNames(string shard)
    {
        try
        {
            _files.SyncNewName(shard);
        }
        catch (FactstoneException)
        {
            lock (_gate) _unsureShards.Add(shard);
            throw;
        }
    }

    BlobPart Begin()
    {
        lock (_gate)
        {
            ThrowIfClosed();
            if (_seat is null)
            {
                _files.CreateDirectory(_layout.Root);
                if (_above is not null) _files.SyncNewName(_above); // as in RequireShard
                _seat = BlobSeat.Take(_files, _layout, _options.Time);
            }

            var part = new BlobPart(_files, BlobLayout.NewPart(_seat.Path), _options.BytesPerSync);
            _parts.Add(part);
            return part;
        }
    }

    void End(BlobPart? part)
    {
        if (part is null) return;
        part.Dispose();
        lock (_gate) _parts.Remove(part);
    }

    /// <summary>The last free space of the disk is the log's.</summary>
    void RequireSpace(long bytes)
    {
        if (_files.SpaceLeft(_layout.Root) is { } left && left.FreeBytes - bytes < Math.Min(_options.ReserveBytesMax, left.TotalBytes / BlobStorageOptions.PartReserved))
            throw new LedgerFullException(_layout.Root, "a put of a blob, which leaves the last free space to the log,");
    }

    long SizeOf(string path)
    {
        using var file = _files.Open(path, FileOpening.ReadOnly);
        return file.Length;
    }

    void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), typeof(IBlobStore));
}
