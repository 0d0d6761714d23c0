namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Opens a ledger for reading and writing; makes one where there is none.</summary>
    /// <param name="directory">Its directory; it and its parents are made when missing.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for another writer.</param>
    /// <exception cref="LedgerLockedException">Another writer has it open, and kept it for all of <see cref="LedgerOptions.LockWait"/>.</exception>
    /// <exception cref="LedgerFormatException">A newer version wrote it.</exception>
    /// <exception cref="LedgerDamagedException">It cannot even be read. A ledger that can is opened, and says so in <see cref="Damage"/>.</exception>
    /// <exception cref="LedgerIOException">The system refused something: not a directory, no permission.</exception>
    public static async ValueTask<Ledger> OpenAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        return new Ledger(await StorageEngine.OpenAsync(directory, options, cancellationToken).ConfigureAwait(false), options);
    }

    /// <summary>Makes a ledger that lives in memory and goes with it: the same engine, without a disk.</summary>
    public static ValueTask<Ledger> OpenInMemoryAsync(LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LedgerOptions();
        return ValueTask.FromResult(new Ledger(StorageEngine.OpenInMemory(options, cancellationToken), options));
    }

    /// <summary>Opens a ledger for reading, beside its writer or without one. Changes nothing, and sees exactly what the writer has published.</summary>
    /// <exception cref="LedgerNotFoundException">There is none.</exception>
    public static async ValueTask<Ledger> OpenReadOnlyAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        return new Ledger(await StorageEngine.OpenReadOnlyAsync(directory, options, cancellationToken).ConfigureAwait(false), options);
    }

    /// <summary>Reads every byte of a ledger and checks it, beside a running writer or without one. Changes nothing.</summary>
    public static ValueTask<VerifyReport> VerifyAsync(string directory, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default) =>
        VerifyAsync(directory, new VerifyOptions(), progress, cancellationToken);

    /// <summary>The same, and what the options ask for beside it.</summary>
    public static async ValueTask<VerifyReport> VerifyAsync(string directory, VerifyOptions options, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(options);
        return await StorageEngine.VerifyAsync(directory, options, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Repairs a damaged ledger that nobody has open for writing: keeps every whole fact, writes down what is gone, and leaves a receipt in <c>$receipts/repair</c>. Changes nothing where there is no damage.</summary>
    /// <remarks>
    /// It is done wholly or not at all: stopped anywhere, the ledger is as damaged as before or repaired, and can be repaired again.
    /// Positions and versions of lost facts are never given again. Where a fact, or the id of an append, is lost, the
    /// epoch is raised, and cursors from before that lie behind the loss get <see cref="LedgerForkedException"/>.
    /// Damaged files are kept in <c>quarantine/damaged</c>. Takes room for a copy of each damaged file.
    /// </remarks>
    /// <param name="directory">The ledger's directory.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Called now and then while the log is read.</param>
    /// <param name="cancellationToken">Ends it as long as nothing has been changed.</param>
    /// <exception cref="LedgerNotFoundException">There is none.</exception>
    /// <exception cref="LedgerLockedException">Somebody has it open for writing.</exception>
    /// <exception cref="LedgerDamagedException">So little of it can be read that nobody knows which ledger it is. Nothing was changed.</exception>
    /// <exception cref="LedgerFullException">There is no room for what has to be written anew. Nothing was changed.</exception>
    public static async ValueTask<RepairReport> RepairAsync(string directory, RepairOptions? options = null, Action<RepairProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.RepairAsync(directory, options ?? new RepairOptions(), progress, cancellationToken).ConfigureAwait(false);
    }
}
