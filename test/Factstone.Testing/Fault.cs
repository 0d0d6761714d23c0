namespace Factstone.Testing;

/// <summary>What a <see cref="SimulatedDisk"/> can do to one input or output.</summary>
public enum Fault
{
    /// <summary>An input/output error (EIO); nothing was changed. On the sync of a file it is <see cref="SyncFailureKeepingPages"/>.</summary>
    Error = 1,

    /// <summary>A write of which a part reaches the file before it is refused with an input/output error.</summary>
    ShortWrite = 2,

    /// <summary>
    /// A sync that fails and keeps its pages, as Linux does: readers still see the bytes, later syncs succeed, and the bytes
    /// never reach the disk. How much reached it before the failure is random; see <see cref="FaultPlan.ReachOfFailedSync"/>.
    /// </summary>
    SyncFailureKeepingPages = 3,

    /// <summary>A sync that fails and drops its pages: readers see what is on the disk.</summary>
    SyncFailureDroppingPages = 4,

    /// <summary>No space for this one write, reservation or creation, whatever the capacity (ENOSPC); part of a write may reach the file.</summary>
    NoSpace = 5,

    /// <summary>The power fails during this operation, which may have happened in part. The call throws, and so does every later call of a process that ran then.</summary>
    PowerLoss = 6,

    /// <summary>The process is killed during this operation, which may have happened in part. What it wrote stays in the system.</summary>
    ProcessKill = 7,

    /// <summary>A sync of a file or a directory that fails because there is no space (thin provisioning, NFS, Btrfs). For a file it keeps its pages, like <see cref="SyncFailureKeepingPages"/>.</summary>
    SyncWithoutSpaceKeepingPages = 8,

    /// <summary>The same, and a file's pages are dropped, like <see cref="SyncFailureDroppingPages"/>.</summary>
    SyncWithoutSpaceDroppingPages = 9,
}
