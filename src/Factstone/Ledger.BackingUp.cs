namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Copies this ledger, as of its last durable position, with its blobs into a backup. Reads and appends continue meanwhile.</summary>
    /// <remarks>When it returns, every frame and every blob of the copy has been read back and checked, and is durable. The ledger must stay open until then.</remarks>
    /// <param name="directory">The directory of the new backup: a new or an empty one, or one with an unfinished backup, which is started over.</param>
    /// <param name="progress">Called repeatedly during the copy.</param>
    /// <param name="cancellationToken">Ends the backup; what was written is removed.</param>
    /// <exception cref="DirectoryNotEmptyException">The directory is not empty.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. There is no backup.</exception>
    /// <exception cref="BlobDamagedException">A blob is damaged. There is no backup.</exception>
    /// <exception cref="BackupRefusedException">The ledger needs recovery, or the file that records its durable end is missing.</exception>
    /// <exception cref="LedgerFullException">There is no space. There is no backup, and what was written of it is removed.</exception>
    public ValueTask<BackupReport> BackupAsync(string directory, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default) =>
        BackupAsync(directory, new BackupOptions { TimeProvider = _time }, progress, cancellationToken);

    /// <summary>The same for a ledger that is not open here: beside its writer, which may be in another process, or without one. A backup can be copied, too.</summary>
    /// <param name="source">The directory of the ledger or the backup. Nothing in it is changed.</param>
    /// <param name="directory">The directory of the new backup: a new or an empty one, or one with an unfinished backup, which is started over.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="progress">Called repeatedly during the copy.</param>
    /// <param name="cancellationToken">Ends the backup; what was written is removed.</param>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="DirectoryNotEmptyException">The directory is not empty.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. There is no backup.</exception>
    /// <exception cref="BlobDamagedException">A blob is damaged. There is no backup.</exception>
    /// <exception cref="BackupRefusedException">The ledger needs recovery, or the file that records its durable end is missing.</exception>
    /// <exception cref="LedgerFullException">There is no space. There is no backup, and what was written of it is removed.</exception>
    public static async ValueTask<BackupReport> BackupAsync(string source, string directory, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.BackupAsync(source, directory, options ?? new BackupOptions(), progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a ledger from a backup, in a new or empty directory. Its epoch is one more than that of the backup, so that cursors beyond the backup are refused.</summary>
    /// <remarks>
    /// When it returns, every frame and every blob has been read back and checked, and is durable. The receipt is a fact of <c>$receipts/restore</c>,
    /// after the last position of the backup. Cells, and so the checkpoints in them, are those of the backup. Cursors of an earlier
    /// epoch beyond the backup get <see cref="LedgerForkedException"/>, and so do those of another restore of the same backup.
    /// </remarks>
    /// <param name="backup">The directory of the backup. Nothing in it is changed.</param>
    /// <param name="directory">The directory of the ledger: a new or an empty one, or one with an unfinished restore, which is started over.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="progress">Called repeatedly during the copy.</param>
    /// <param name="cancellationToken">Ends the restore; what was written is removed.</param>
    /// <exception cref="LedgerNotFoundException">There is no backup in the first directory.</exception>
    /// <exception cref="DirectoryNotEmptyException">The second directory is not empty.</exception>
    /// <exception cref="LedgerLockedException">Another restore is running there.</exception>
    /// <exception cref="LedgerDamagedException">The backup is damaged. Nothing was restored.</exception>
    /// <exception cref="BlobDamagedException">A blob in the backup is damaged. Nothing was restored.</exception>
    /// <exception cref="LedgerFullException">There is no space. What was written is removed.</exception>
    public static async ValueTask<RestoreReport> RestoreAsync(string backup, string directory, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(backup);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.RestoreAsync(backup, directory, options ?? new BackupOptions(), progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>With the file system of the backup, for tests; a ledger in memory is backed up on the disk otherwise.</summary>
    internal async ValueTask<BackupReport> BackupAsync(string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        RefreshReader(cancellationToken);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.BackupAsync(_storage, directory, options, progress, cancellationToken).ConfigureAwait(false);
    }
}
