namespace Factstone.Testing;

/// <summary>What a <see cref="SimulatedDisk"/> can do to one input or output.</summary>
public enum Fault
{
    /// <summary>An input/output error (EIO); nothing was changed. On the sync of a file it is <see cref="SyncFailureKeepingPages"/>.</summary>
    Error = 1,

    /// <summary>A write that lands in part and is then refused with an input/output error.</summary>
    ShortWrite = 2,

    /// <summary>
    /// A sync that fails and keeps its pages, as Linux does: readers go on seeing the bytes, later syncs succeed, and the
    /// bytes never reach the disk. What did reach it before the failure is drawn; see <see cref="FaultPlan.ReachOfFailedSync"/>.
    /// </summary>
    SyncFailureKeepingPages = 3,

    /// <summary>A sync that fails and drops its pages: readers see what is on the disk.</summary>
    SyncFailureDroppingPages = 4,

    /// <summary>No space for this one write, reservation or creation, whatever the capacity (ENOSPC); of a write, a part may land.</summary>
    NoSpace = 5,

    /// <summary>The power goes during this operation, which may have happened in part. The call throws, and so does every later one of any process of that time.</summary>
    PowerLoss = 6,

    /// <summary>The process is killed during this operation, which may have happened in part. What it wrote stays with the system.</summary>
    ProcessKill = 7,

    /// <summary>A sync, of a file or a directory, that fails because there is no space (thin provisioning, NFS, Btrfs). Of a file it keeps its pages, as <see cref="SyncFailureKeepingPages"/> does.</summary>
    SyncWithoutSpaceKeepingPages = 8,

    /// <summary>The same, and a file's pages are dropped, as by <see cref="SyncFailureDroppingPages"/>.</summary>
    SyncWithoutSpaceDroppingPages = 9,
}
