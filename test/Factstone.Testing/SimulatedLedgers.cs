namespace Factstone.Testing;

/// <summary>Opens ledgers on a <see cref="SimulatedDisk"/>.</summary>
public static class SimulatedLedgers
{
    /// <summary>The directory of the ledger on the disk.</summary>
    internal const string Root = "ledger";

    /// <summary>Opens the disk's ledger for reading and writing, as the running process; creates one if there is none.</summary>
    /// <remarks>After <see cref="SimulatedDisk.LosePower"/> or <see cref="SimulatedDisk.KillProcess"/> open it again. The earlier ledger is dead, and need not be closed.</remarks>
    public static ValueTask<Ledger> OpenLedgerAsync(this SimulatedDisk disk, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return Ledger.OpenAsync(Root, (options ?? new LedgerOptions()) with { FileSystem = new SynchronizedFiles(disk.FileSystem, disk.Gate) }, cancellationToken);
    }
}
