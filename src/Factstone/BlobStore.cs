namespace Factstone;

/// <summary>A store of blobs as files of one directory. The blobs of a ledger are at <see cref="Ledger.Blobs"/>; this is for a directory elsewhere, and for the blobs of a ledger that is not open here.</summary>
/// <remarks>
/// A file gets the name of a blob when all its bytes are durable, and is not changed after that. Any number of processes may put and read at the same time.
/// Threads: any number.
/// </remarks>
public sealed class BlobStore : IBlobStore, IDisposable, IAsyncDisposable
{
    readonly IBlobStore _files;

    internal BlobStore(IBlobStore files) => _files = files;

    /// <inheritdoc/>
    public bool IsReadOnly => _files.IsReadOnly;

    /// <summary>Opens a store for puts and reads, and removes what writers have left that were killed.</summary>
    /// <param name="directory">Its directory; it and its parents are created if missing. A backup of a ledger does not include it.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="LedgerIOException">The system refused an operation: not a directory, no permission.</exception>
    public static async ValueTask<BlobStore> OpenAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new BlobStore(await StorageEngine.OpenBlobsAsync(directory, readOnly: false, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Opens a store for reads only, and changes nothing.</summary>
    /// <exception cref="LedgerIOException">There is no such directory, or no permission to read it.</exception>
    public static async ValueTask<BlobStore> OpenReadOnlyAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new BlobStore(await StorageEngine.OpenBlobsAsync(directory, readOnly: true, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask<BlobReference> PutAsync(Stream content, string mime = BlobReference.MimeDefault, CancellationToken cancellationToken = default) => _files.PutAsync(content, mime, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken = default) => _files.OpenReadAsync(cid, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken = default) => _files.StatAsync(cid, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobStat> ListAsync(CancellationToken cancellationToken = default) => _files.ListAsync(cancellationToken);

    /// <summary>Closes the store. Puts in progress end with <see cref="ObjectDisposedException"/>, and store nothing; a blob that was opened before can be read on. May be called again.</summary>
    public void Dispose() => (_files as IDisposable)?.Dispose();

    /// <summary>The same as <see cref="Dispose"/>.</summary>
    public async ValueTask DisposeAsync() => await Task.Run(Dispose).ConfigureAwait(false);
}
