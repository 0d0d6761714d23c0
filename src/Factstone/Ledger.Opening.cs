namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Opens a ledger for reading and writing; creates one if there is none.</summary>
    /// <param name="directory">Its directory; it and its parents are created if missing.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for another writer.</param>
    /// <exception cref="LedgerLockedException">Another writer has the ledger open, and did not close it within <see cref="LedgerOptions.LockWait"/>.</exception>
    /// <exception cref="LedgerFormatException">A newer version wrote the ledger.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is not even readable. A damaged ledger that is readable is opened, and reports the damage in <see cref="Damage"/>.</exception>
    /// <exception cref="LedgerIOException">The system refused an operation: not a directory, no permission.</exception>
    /// <exception cref="ProjectionRefusedException">What is stored of a projection does not fit its definition. Nothing was written.</exception>
    public static async ValueTask<Ledger> OpenAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        return await OpenProjectionsAsync(Open(await StorageEngine.OpenAsync(directory, options, cancellationToken).ConfigureAwait(false), options), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a ledger that exists only in memory, until it is closed: the same engine, without a disk.</summary>
    public static ValueTask<Ledger> OpenInMemoryAsync(LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LedgerOptions();
        return OpenProjectionsAsync(new Ledger(StorageEngine.OpenInMemory(options, cancellationToken), options, location: ""), cancellationToken);
    }

    /// <summary>Opens a ledger for reading, beside its writer or without one. Changes nothing, and sees exactly what the writer has published.</summary>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    public static async ValueTask<Ledger> OpenReadOnlyAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        return await OpenProjectionsAsync(Open(await StorageEngine.OpenReadOnlyAsync(directory, options, cancellationToken).ConfigureAwait(false), options), cancellationToken).ConfigureAwait(false);
    }

    static async ValueTask<Ledger> OpenProjectionsAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        if (ledger._projections is not { } projections) return ledger;
        try
        {
            await projections.OpenAsync(cancellationToken).ConfigureAwait(false);
            return ledger;
        }
        catch
        {
            ledger.Dispose();
            throw;
        }
    }

    /// <summary>Reads every byte of a ledger and checks it, beside a running writer or without one. Changes nothing.</summary>
    public static ValueTask<VerifyReport> VerifyAsync(string directory, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default) =>
        VerifyAsync(directory, new VerifyOptions(), progress, cancellationToken);

    /// <summary>The same, with options for further checks.</summary>
    public static async ValueTask<VerifyReport> VerifyAsync(string directory, VerifyOptions options, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(options);
        return await StorageEngine.VerifyAsync(directory, options, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Repairs a damaged ledger that no process has open for writing: keeps every whole fact, records what is lost, and leaves a receipt in <c>$receipts/repair</c>. Changes nothing if there is no damage.</summary>
    /// <remarks>
    /// It is atomic: stopped at any point, the ledger is as damaged as before, or repaired, and a repair can be run again.
    /// Positions and versions of lost facts are never assigned again. If a fact, a cell or the id of an append is lost, or may be,
    /// the epoch is raised, and earlier cursors beyond the loss get <see cref="LedgerForkedException"/>. Damaged files are kept
    /// in <c>quarantine/damaged</c>. It needs space for a copy of each damaged file.
    /// </remarks>
    /// <param name="directory">The ledger's directory.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="progress">Called repeatedly while the log is read.</param>
    /// <param name="cancellationToken">Ends the repair as long as nothing has been changed.</param>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="LedgerLockedException">A process has the ledger open for writing.</exception>
    /// <exception cref="LedgerDamagedException">So little is readable that it is unknown which ledger it is. Nothing was changed.</exception>
    /// <exception cref="LedgerFullException">There is no space for the new files. Nothing was changed.</exception>
    public static async ValueTask<RepairReport> RepairAsync(string directory, RepairOptions? options = null, Action<RepairProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return await StorageEngine.RepairAsync(directory, options ?? new RepairOptions(), progress, cancellationToken).ConfigureAwait(false);
    }
}
