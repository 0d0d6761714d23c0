namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Copies this ledger, as it is at its last durable position, into a backup, while it is read and written on.</summary>
    /// <remarks>Every frame of the copy is read back, checked and durable when it returns. The ledger has to stay open until then.</remarks>
    /// <param name="directory">Where the backup is to be: a new or an empty directory, or one with an unfinished backup, which starts over.</param>
    /// <param name="progress">Called as the copying goes on.</param>
    /// <param name="cancellationToken">Ends it; what was written is removed.</param>
    /// <exception cref="DirectoryNotEmptyException">Something is in the directory.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. There is no backup.</exception>
    /// <exception cref="BackupRefusedException">The ledger waits for its recovery, or what says how far it is durable is missing.</exception>
    /// <exception cref="LedgerFullException">There is no room. There is no backup, and what was written of it is removed.</exception>
    public ValueTask<BackupReport> BackupAsync(string directory, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default) =>
        BackupAsync(directory, new BackupOptions { TimeProvider = _time }, progress, cancellationToken);

    /// <summary>The same for a ledger that is not open here: beside its writer, which may be in another process, or without one. A backup can be copied, too.</summary>
    /// <param name="source">The directory of the ledger or the backup. Nothing in it is changed.</param>
    /// <param name="directory">Where the backup is to be: a new or an empty directory, or one with an unfinished backup, which starts over.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Called as the copying goes on.</param>
    /// <param name="cancellationToken">Ends it; what was written is removed.</param>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="DirectoryNotEmptyException">Something is in the directory.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. There is no backup.</exception>
    /// <exception cref="BackupRefusedException">The ledger waits for its recovery, or what says how far it is durable is missing.</exception>
    /// <exception cref="LedgerFullException">There is no room. There is no backup, and what was written of it is removed.</exception>
    public static async ValueTask<BackupReport> BackupAsync(string source, string directory, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.BackupAsync(source, directory, options ?? new BackupOptions(), progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a ledger of a backup, in a new or empty directory. Its epoch is one more than the backup's, so that whoever has read what the backup does not hold is told.</summary>
    /// <remarks>
    /// Every frame is read back, checked and durable when it returns. The receipt is a fact of <c>$receipts/restore</c>, behind the
    /// last position of the backup. Cells, and so the checkpoints that are kept in them, are those of the backup. Cursors of an
    /// earlier epoch that lie beyond it get <see cref="LedgerForkedException"/>, and so do those of another restore of the same backup.
    /// </remarks>
    /// <param name="backup">The directory of the backup. Nothing in it is changed.</param>
    /// <param name="directory">Where the ledger is to be: a new or an empty directory, or one with an unfinished restore, which starts over.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Called as the copying goes on.</param>
    /// <param name="cancellationToken">Ends it; what was written is removed.</param>
    /// <exception cref="LedgerNotFoundException">There is no backup in the first directory.</exception>
    /// <exception cref="DirectoryNotEmptyException">Something is in the second one.</exception>
    /// <exception cref="LedgerLockedException">Another restore is at work in it.</exception>
    /// <exception cref="LedgerDamagedException">The backup is damaged. Nothing was restored.</exception>
    /// <exception cref="LedgerFullException">There is no room. What was written is removed.</exception>
    public static async ValueTask<RestoreReport> RestoreAsync(string backup, string directory, BackupOptions? options = null, Action<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(backup);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.RestoreAsync(backup, directory, options ?? new BackupOptions(), progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>With the file system of the backup, for tests; a ledger in memory is backed up on the disk otherwise.</summary>
    internal async ValueTask<BackupReport> BackupAsync(string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        Look(cancellationToken);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.BackupAsync(_storage, directory, options, progress, cancellationToken).ConfigureAwait(false);
    }
}
