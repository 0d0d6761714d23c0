namespace Factstone.Testing;

/// <summary>Opens ledgers on a <see cref="SimulatedDisk"/>.</summary>
public static class SimulatedLedgers
{
    /// <summary>Where the ledger is on the disk.</summary>
    internal const string Root = "ledger";

    /// <summary>Opens the disk's ledger for reading and writing, as the process that runs now; makes one where there is none.</summary>
    /// <remarks>After <see cref="SimulatedDisk.LosePower"/> or <see cref="SimulatedDisk.KillProcess"/> open it again; the ledger from before is dead, and need not be closed.</remarks>
    public static ValueTask<Ledger> OpenLedgerAsync(this SimulatedDisk disk, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return Ledger.OpenAsync(Root, (options ?? new LedgerOptions()) with { FileSystem = disk.FileSystem }, cancellationToken);
    }
}
