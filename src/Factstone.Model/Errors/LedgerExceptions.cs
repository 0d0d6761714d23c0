namespace Factstone;

/// <summary>There is no ledger where one was expected.</summary>
public sealed class LedgerNotFoundException : FactstoneException
{
    internal LedgerNotFoundException(string path, string why) : base($"There is no ledger in '{path}': {why}") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>A backup or a restore into the directory is unfinished or still running. The directory cannot be opened, neither for reading nor for writing.</summary>
public sealed class LedgerUnfinishedException : FactstoneException
{
    internal LedgerUnfinishedException(string path, string work)
        : base($"'{path}' contains an unfinished {work} and cannot be opened, neither for reading nor for writing. If no {work} is running there, run it into that directory again, which starts over, or delete the directory.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>The directory is a backup, which can only be read.</summary>
public sealed class LedgerIsBackupException : FactstoneException
{
    internal LedgerIsBackupException(string path)
        : base($"'{path}' is a backup, which can be opened for reading only. To write, restore it into a new directory: factstone restore '{path}' --data DIRECTORY. To save what is whole of a damaged backup, copy the directory, remove the file BACKUP from the copy, and repair the copy.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>A backup or a restore needs a new or an empty directory, and this one is not empty.</summary>
public sealed class DirectoryNotEmptyException : FactstoneException
{
    internal DirectoryNotEmptyException(string path, string work, string found)
        : base($"'{path}' is not empty: it contains '{found}'. A {work} needs a new or an empty directory. Nothing was changed.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>The ledger cannot be backed up in its present state; the message says why, and what to do.</summary>
public sealed class BackupRefusedException : FactstoneException
{
    internal BackupRefusedException(string path, string why)
        : base($"The ledger in '{path}' was not backed up: {why}. The next open for writing corrects this; if a writer that has failed still has the ledger open, close it first. If the ledger is damaged, repair it: factstone repair --data '{path}'. Then back up again.") => Path = path;

    /// <summary>The ledger's directory.</summary>
    public string Path { get; }
}

/// <summary>Another process, or another part of this one, has the ledger open for writing.</summary>
public sealed class LedgerLockedException : FactstoneException
{
    internal LedgerLockedException(string path, string holder, TimeSpan waited)
        : base($"The ledger in '{path}' is open for writing by {(holder.Length == 0 ? "another process" : holder)}; waited {waited.TotalSeconds:0.#} s. Close it there, or open the ledger read-only beside it.")
    {
        Path = path;
        Holder = holder;
    }

    /// <summary>This process itself has it open.</summary>
    internal LedgerLockedException(string path, string holder)
        : base($"This process already has the ledger in '{path}' open for writing. Use that ledger here too, dispose it first, or open the ledger read-only beside it.")
    {
        Path = path;
        Holder = holder;
    }

    /// <summary>The ledger's directory.</summary>
    public string Path { get; }

    /// <summary>The holder of the lock: process, machine and time; empty if unknown.</summary>
    public string Holder { get; }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The ledger was written by a newer version of Factstone.</summary>
public sealed class LedgerFormatException : FactstoneException
{
    internal LedgerFormatException(string path, int found, int known)
        : base($"'{path}' has format {found}; this version of Factstone reads formats up to {known}. Use a newer version; nothing was changed.")
    {
        Path = path;
        Found = found;
    }

    /// <summary>The file with the newer format.</summary>
    public string Path { get; }

    /// <summary>The format of the file.</summary>
    public int Found { get; }
}

/// <summary>Durable bytes are damaged. Appends are refused; undamaged facts stay readable.</summary>
public sealed class LedgerDamagedException : FactstoneException
{
    LedgerDamagedException(string what, string advice, IReadOnlyList<Damage> damage)
        : base($"{what} {string.Join(" ", damage.Take(3).Select(one => one.ToString()))}{(damage.Count > 3 ? $" And {damage.Count - 3} more." : "")} Nothing was changed{advice}") =>
        Damage = damage;

    internal LedgerDamagedException(string what, IReadOnlyList<Damage> damage)
        : this(what, "; 'factstone verify' lists all damage, and 'factstone repair' saves what is whole.", damage)
    {
    }

    /// <summary>There is nothing left to read or to repair.</summary>
    internal static LedgerDamagedException OfLostSegments(string location, IReadOnlyList<Damage> damage) => new(
        $"The ledger in '{location}' has lost all its segments.",
        ". Put the files back, or restore a backup into an empty directory: factstone restore BACKUP --data DIR",
        damage);

    /// <summary>The damage that is known.</summary>
    public IReadOnlyList<Damage> Damage { get; }
}

/// <summary>What was read differs from what the ledger contains now: a repair or a restore has left out facts since, or the cursor comes from another copy of the ledger.</summary>
public sealed class LedgerForkedException : FactstoneException
{
    LedgerForkedException(string what, Position lastCommonPosition, long epoch)
        : base($"{what} {(lastCommonPosition == Position.None
            ? "It is not known up to which position the ledger is unchanged: read it again from the beginning."
            : $"Up to position {lastCommonPosition} the ledger is unchanged: go back to that position and read on.")}")
    {
        LastCommonPosition = lastCommonPosition;
        Epoch = epoch;
    }

    /// <summary>The last position up to which the ledger is known to equal what was read. A reader can continue after it. 0 if no such position is known.</summary>
    public Position LastCommonPosition { get; }

    /// <summary>The ledger's epoch now.</summary>
    public long Epoch { get; }

    /// <summary>The epochs differ, and the position is beyond what they have in common.</summary>
    /// <param name="epochRead">The epoch in which the position was read.</param>
    /// <param name="epoch">The ledger's epoch now.</param>
    /// <param name="lastCommonPosition">The last position that both have in common; <see cref="Position.None"/> if unknown.</param>
    /// <param name="position">The position that was read.</param>
    internal static LedgerForkedException ByEpoch(long epochRead, long epoch, Position lastCommonPosition, Position position) => new(
        epochRead > epoch
            ? $"Position {position} was read in epoch {epochRead}, and this ledger is in epoch {epoch}: it is an older copy, or a copy that continued differently."
            : $"Position {position} was read in epoch {epochRead}, and this ledger is in epoch {epoch}: a repair or a restore has left out facts since then; see the receipts in $receipts/repair and $receipts/restore.",
        lastCommonPosition,
        epoch);

    /// <summary>The leaves differ: the fact at the position is another one.</summary>
    internal static LedgerForkedException ByLeaf(long epoch, Position position) => new(
        $"The fact at position {position} is not the one that was read there: two copies of this ledger have continued differently.",
        Position.None,
        epoch);
}

/// <summary>After a disk failure it is unsafe to write. Reads continue at the head; appends need a reopen.</summary>
public sealed class LedgerFailedException : FactstoneException
{
    internal LedgerFailedException(string why, Exception? inner = null)
        : base($"The ledger refuses appends until it is opened again: {why}", inner) => Why = why;

    internal string Why { get; }
}

/// <summary>More appends are waiting than the ledger keeps in memory for callers that do not wait.</summary>
public sealed class LedgerBusyException : FactstoneException
{
    internal LedgerBusyException(long appends, long bytes)
        : base($"{appends} appends with {bytes} bytes are already waiting to be written, so this one was not accepted. Await earlier appends first, or use an appender, which keeps a bounded number in flight.") { }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The system's clock went forward by more than a day, compared with a clock that also runs during suspend. A time that is recorded by mistake could never be corrected.</summary>
public sealed class ClockJumpedException : FactstoneException
{
    internal ClockJumpedException(TimeSpan distance, DateTimeOffset now)
        : base($"The clock says {Microseconds.ToText(now)}, {distance.TotalDays:0.0} days more than have passed since the ledger was opened. Nothing was appended. If the clock is right now, call AcceptClock or open the ledger again.")
    {
        Distance = distance;
    }

    /// <summary>How far the clock jumped.</summary>
    public TimeSpan Distance { get; }
}

/// <summary>The index is missing or damaged, or its worker has stopped, and the data that would be kept in memory instead exceeds the bound. Nothing is lost: an open for writing rebuilds the index.</summary>
public sealed class LedgerIndexException : FactstoneException
{
    internal LedgerIndexException(string directory, string why)
        : base($"The ledger in '{directory}' cannot be read without an open for writing: {why}. Nothing is lost. Rebuild the index: factstone repair --data '{directory}'") { }

    LedgerIndexException(string message, WorkerFailure worker) : base(message, worker.Exception) => Worker = worker;

    /// <summary>The worker that has stopped; null if none has.</summary>
    public WorkerFailure? Worker { get; }

    internal static LedgerIndexException OfAppend(string directory, WorkerFailure worker) =>
        new($"Nothing was appended to the ledger in '{directory}': its {worker.Worker} worker has stopped ({worker.Message}), and the facts in memory have reached twice the usual bound. Reads continue. Open the ledger again.", worker);

    internal static LedgerIndexException OfOpening(string directory, WorkerFailure worker, long itemsMax) =>
        new($"The ledger in '{directory}' cannot be opened for writing: its {worker.Worker} worker has stopped ({worker.Message}), and more than {itemsMax:N0} facts, cells and append ids are missing from the index files. Nothing is lost.", worker);

    internal static LedgerIndexException OfRun(string path, WorkerFailure worker, long items) =>
        new($"The index file '{path}' is damaged, and covers {items:N0} facts, cells or append ids. The {worker.Worker} worker, which would rebuild it, has stopped ({worker.Message}). Nothing is lost. Open the ledger again.", worker);
}
