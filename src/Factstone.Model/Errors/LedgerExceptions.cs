namespace Factstone;

/// <summary>There is no ledger where one was expected.</summary>
public sealed class LedgerNotFoundException : FactstoneException
{
    internal LedgerNotFoundException(string path, string why) : base($"There is no ledger in '{path}': {why}") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>A backup or a restore into the directory was not finished, or is going on: it opens neither for reading nor for writing.</summary>
public sealed class LedgerUnfinishedException : FactstoneException
{
    internal LedgerUnfinishedException(string path, string work)
        : base($"'{path}' holds an unfinished {work}: it opens neither for reading nor for writing. If no {work} is running there, run it into that directory again, which starts over, or delete the directory.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>The directory is a backup, which is only read.</summary>
public sealed class LedgerIsBackupException : FactstoneException
{
    internal LedgerIsBackupException(string path)
        : base($"'{path}' is a backup, which opens for reading only. Make a ledger of it to write: factstone restore '{path}' --data DIRECTORY. To save what is whole of a damaged backup, copy the directory, remove the file BACKUP from the copy, and repair the copy.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>A backup or a restore needs a new or an empty directory, and this one is not.</summary>
public sealed class DirectoryNotEmptyException : FactstoneException
{
    internal DirectoryNotEmptyException(string path, string work, string found)
        : base($"'{path}' is not empty: '{found}' is in it. A {work} needs a new or an empty directory. Nothing was changed.") => Path = path;

    /// <summary>The directory.</summary>
    public string Path { get; }
}

/// <summary>The ledger cannot be backed up as it is; the message says why, and what to do.</summary>
public sealed class BackupRefusedException : FactstoneException
{
    internal BackupRefusedException(string path, string why)
        : base($"Nothing was backed up of the ledger in '{path}': {why}. The next open for writing mends this; a writer that has it open and has failed must close it first. Where there is damage, it is repaired: factstone repair --data '{path}'. Then back up again.") => Path = path;

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

    /// <summary>It is this process itself.</summary>
    internal LedgerLockedException(string path, string holder)
        : base($"This process has the ledger in '{path}' open for writing already. Dispose of that ledger first, use it here too, or open the ledger read-only beside it.")
    {
        Path = path;
        Holder = holder;
    }

    /// <summary>The ledger's directory.</summary>
    public string Path { get; }

    /// <summary>Who holds it, in its own words.</summary>
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

    /// <summary>The file that says so.</summary>
    public string Path { get; }

    /// <summary>The format it has.</summary>
    public int Found { get; }
}

/// <summary>Bytes that were durable are damaged. Writes are refused; what is undamaged stays readable.</summary>
public sealed class LedgerDamagedException : FactstoneException
{
    LedgerDamagedException(string what, string advice, IReadOnlyList<Damage> damage)
        : base($"{what} {string.Join(" ", damage.Take(3).Select(one => one.ToString()))}{(damage.Count > 3 ? $" And {damage.Count - 3} more." : "")} Nothing was changed{advice}") =>
        Damage = damage;

    internal LedgerDamagedException(string what, IReadOnlyList<Damage> damage)
        : this(what, "; 'factstone verify' lists all damage, and 'factstone repair' saves what is whole.", damage)
    {
    }

    /// <summary>Nothing is left that could be read or repaired.</summary>
    internal static LedgerDamagedException OfLostSegments(string location, IReadOnlyList<Damage> damage) => new(
        $"The ledger in '{location}' has lost all its segments.",
        ". Put the files back, or restore a backup into an empty directory: factstone restore BACKUP --data DIR",
        damage);

    /// <summary>What is damaged, as far as it is known.</summary>
    public IReadOnlyList<Damage> Damage { get; }
}

/// <summary>What was read is not what the ledger holds now: a repair or a restore has left out facts since, or the cursor comes from another copy of the ledger.</summary>
public sealed class LedgerForkedException : FactstoneException
{
    LedgerForkedException(string what, Position lastCommonPosition, long epoch)
        : base($"{what} {(lastCommonPosition == Position.None
            ? "Up to which position the ledger is what was read is not known: read it from the beginning."
            : $"Up to position {lastCommonPosition} the ledger is what was read: go back there and read on.")}")
    {
        LastCommonPosition = lastCommonPosition;
        Epoch = epoch;
    }

    /// <summary>The last position up to which the ledger is known to be what was read: whoever goes back to it can read on. 0 where none is known.</summary>
    public Position LastCommonPosition { get; }

    /// <summary>The ledger's epoch now.</summary>
    public long Epoch { get; }

    /// <summary>By the epochs: the position lies behind what they have in common.</summary>
    /// <param name="epochRead">The epoch in which the position was read.</param>
    /// <param name="epoch">The ledger's epoch now.</param>
    /// <param name="lastCommonPosition">What the two have in common; <see cref="Position.None"/> where that is not known.</param>
    /// <param name="position">The position that was read.</param>
    internal static LedgerForkedException ByEpoch(long epochRead, long epoch, Position lastCommonPosition, Position position) => new(
        epochRead > epoch
            ? $"Position {position} was read in epoch {epochRead}, and this ledger is in epoch {epoch}: it is an older copy, or one that has gone another way."
            : $"Position {position} was read in epoch {epochRead}, and this ledger is in epoch {epoch}: since then a repair or a restore has left out facts, as the receipts in $receipts/repair and $receipts/restore say.",
        lastCommonPosition,
        epoch);

    /// <summary>By the leaf: the fact at the position is another one.</summary>
    internal static LedgerForkedException ByLeaf(long epoch, Position position) => new(
        $"The fact at position {position} is not the one that was read there: two copies of this ledger have gone different ways.",
        Position.None,
        epoch);
}

/// <summary>A failed disk makes it unsafe to go on writing. Reads go on at the head; appends need a reopen.</summary>
public sealed class LedgerFailedException : FactstoneException
{
    internal LedgerFailedException(string why, Exception? inner = null)
        : base($"The ledger refuses appends until it is opened again: {why}", inner) => Why = why;

    internal string Why { get; }
}

/// <summary>More appends are in flight than the ledger holds in memory for callers that do not wait.</summary>
public sealed class LedgerBusyException : FactstoneException
{
    internal LedgerBusyException(long appends, long bytes)
        : base($"{appends} appends with {bytes} bytes are waiting to be written already; this one was not taken. Await earlier ones first, or use an appender, which keeps a bounded number in flight.") { }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The system's clock went forward by more than a day against one that runs on through suspend; facts stamped with it could never be corrected.</summary>
public sealed class ClockJumpedException : FactstoneException
{
    internal ClockJumpedException(TimeSpan distance, DateTimeOffset now)
        : base($"The clock says {Microseconds.ToText(now)}, {distance.TotalDays:0.0} days more than have passed since the ledger was opened. Nothing was appended. If the clock is right now, call AcceptClock or open the ledger again.")
    {
        Distance = distance;
    }

    /// <summary>How far it jumped.</summary>
    public TimeSpan Distance { get; }
}

/// <summary>The index is missing or damaged, or its worker has stopped, and what would have to be kept in memory instead does not fit. Nothing is lost: an open for writing makes the index again.</summary>
public sealed class LedgerIndexException : FactstoneException
{
    internal LedgerIndexException(string directory, string why)
        : base($"The ledger in '{directory}' cannot be read without an open for writing: {why}. Nothing is lost. Make the index again: factstone repair --data '{directory}'") { }

    LedgerIndexException(string message, WorkerFailure worker) : base(message, worker.Exception) => Worker = worker;

    /// <summary>The worker that has stopped; null when none has.</summary>
    public WorkerFailure? Worker { get; }

    internal static LedgerIndexException OfAppend(string directory, WorkerFailure worker) =>
        new($"Nothing was appended to the ledger in '{directory}': its {worker.Worker} worker has stopped ({worker.Message}), and twice as many facts are in memory as there may be. Reads go on. Open the ledger again.", worker);

    internal static LedgerIndexException OfOpening(string directory, WorkerFailure worker, long itemsMax) =>
        new($"The ledger in '{directory}' cannot be opened for writing: its {worker.Worker} worker has stopped ({worker.Message}), and more than {itemsMax:N0} facts, cells and append ids are in no file of the index. Nothing is lost.", worker);

    internal static LedgerIndexException OfRun(string path, WorkerFailure worker, long items) =>
        new($"The file '{path}' of the index is damaged, and holds {items:N0} facts, cells or append ids; the {worker.Worker} worker, which would make it again, has stopped ({worker.Message}). Nothing is lost. Open the ledger again.", worker);
}
