namespace Factstone;

public sealed partial class Ledger
{
    readonly Lazy<IBlobStore> _blobs;

    /// <summary>Large content by its CID: files in the directory <c>blobs</c> of the ledger, or in memory if the ledger is. Facts and cells hold the references.</summary>
    /// <remarks>
    /// A put is durable when it returns, and needs neither the writer of the ledger nor its lock. A read-only ledger refuses puts.
    /// A backup includes every blob to which it refers. The ledger disposes of the store; a blob that was opened before can be read on.
    /// </remarks>
    public IBlobStore Blobs => _blobs.Value;

    /// <summary>Opens the blobs of a ledger without the ledger itself: beside its writer, which may be in another process, or without one.</summary>
    /// <param name="directory">The ledger's directory, or with <paramref name="readOnly"/> that of a backup.</param>
    /// <param name="readOnly">Whether puts are refused. Then nothing in the directory is changed.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="LedgerUnfinishedException">A backup or a restore into the directory was not finished.</exception>
    /// <exception cref="LedgerIsBackupException">The directory is a backup, and <paramref name="readOnly"/> is false.</exception>
    public static async ValueTask<BlobStore> OpenBlobsAsync(string directory, bool readOnly = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new BlobStore(await StorageEngine.OpenBlobsBesideAsync(directory, readOnly, cancellationToken).ConfigureAwait(false));
    }
}
