using System.Globalization;
using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A disk that fails on request or at random, and loses power as real disks do. Tests use it to show that a ledger, or a program on it, survives that.</summary>
/// <remarks>
/// <para>
/// It keeps two images of each file: what was written, and what would survive. After <see cref="LosePower"/> each 512-byte
/// sector of what was not synced is old or new, independently of its neighbours. Unsynced lengths and names are kept up to
/// some point in their order. A mapped page has, in each sector, any state since its last sync.
/// </para>
/// <para>
/// Threads: one at a time, because everything is drawn from one seeded <see cref="Random"/>. The same seed and the same
/// calls have the same outcome; <see cref="Trace"/> shows them. A ledger of <see cref="SimulatedLedgers.OpenLedgerAsync"/> has
/// threads. Its operations wait for each other and for a power loss, and their order is not the same each time.
/// </para>
/// </remarks>
public sealed class SimulatedDisk
{
    readonly SimulatedNames _names = new();
    readonly List<SimulatedProcess> _processes = [];
    readonly SortedDictionary<string, long> _faultCounts = new(StringComparer.Ordinal);
    SimulatedProcess? _main;
    int _filesCreated;

    /// <param name="seed">The seed of all random choices.</param>
    public SimulatedDisk(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
    }

    /// <summary>The seed of this disk: print it when a test fails.</summary>
    public int Seed { get; }

    /// <summary>The faults that occur, and when.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>
    /// The number of operations that have begun, of all processes; the first has number 1. Reads, opens and stores into a mapped page
    /// count, too. The length of an open file and a read of a mapped page, which cannot fail, do not count.
    /// </summary>
    public long IoCount { get; private set; }

    /// <summary>The space of all files together, in pages of 4,096 bytes written or reserved. May be changed at any time; a value below the used space refuses only operations that need more.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>The space taken by pages written or reserved.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>
    /// What has happened: each <see cref="Fault"/> by its name, BitFlip, and the effects of power losses: SectorLost, WriteTorn
    /// (some sectors of one write and not others), LengthLost, PageSectorOld, NameLost. A test that relies on a fault should check it here.
    /// </summary>
    public IReadOnlyDictionary<string, long> FaultCounts => _faultCounts;

    /// <summary>Whether directories can be locked. A network disk cannot lock them, and then a lock is lost with its file.</summary>
    internal bool LocksDirectories { get; set; } = true;

    /// <summary>Receives a line for each operation, to replay a seed; null for none.</summary>
    public TextWriter? Trace { get; set; }

    /// <summary>The file system as the running process sees it; after a power loss or a kill, as a new process sees it.</summary>
    internal IFileSystem FileSystem => _main is { IsDead: false } ? _main : _main = Start();

    /// <summary>Whether a mapped read of a file, by its path, may read only bytes that were synced since they were written; null for no file.</summary>
    internal Func<string, bool>? ChecksMappedBytes { get; set; }

    /// <summary>The first mapped read that would have ended its process, or that no reader may do; null if there was none.</summary>
    internal string? MappingFault { get; set; }

    /// <summary>Called when a process is killed or the power is lost, by the thread that does so, which holds <see cref="Gate"/>.</summary>
    internal Action? Stopped { get; set; }

    internal Random Random { get; }

    /// <summary>Held by each operation of a ledger that has threads, and by what this disk does between them.</summary>
    internal Lock Gate { get; } = new();

    internal SimulatedNames Names => _names;

    /// <summary>The paths of all files that readers see, in the order of unsigned UTF-8 bytes.</summary>
    internal IEnumerable<string> Paths => _names.Seen.Select(entry => entry.Path).Order(FileNames.ByUtf8Bytes);

    /// <summary>Another process on the same machine: <see cref="KillProcess"/> does not end it, a power loss does.</summary>
    internal IFileSystem StartProcess() => Start();

    /// <summary>
    /// Cuts the power. What is left of unsynced data is random. Every file, mapping and lock of every process is dead, and
    /// its use throws. The machine starts again when a ledger is opened on this disk.
    /// </summary>
    public void LosePower()
    {
        lock (Gate)
        {
            Trace?.WriteLine("power loss");
            Count(nameof(Fault.PowerLoss));
            CutPower();
        }
    }

    /// <summary>
    /// Kills the process that uses this disk: its files, mappings and locks are dead, and their use throws. What it wrote
    /// is there for the next process. Unsynced parts of it can still be lost with the power.
    /// </summary>
    public void KillProcess()
    {
        lock (Gate)
        {
            Trace?.WriteLine("process kill");
            Count(nameof(Fault.ProcessKill));
            if (_main is { IsDead: false }) Kill(_main);
        }
    }

    /// <summary>Deletes the lock file of a ledger, as a user who takes it for a leftover does: <c>rm LOCK</c>. Durable at once.</summary>
    /// <returns>Whether there was one.</returns>
    internal bool DeleteLock(string root = SimulatedLedgers.Root)
    {
        var path = $"{root}/LOCK";
        if (_names.Find(path) is not { } file) return false;
        Trace?.WriteLine($"lock deleted in {root}");
        Count("LockDeleted");
        _names.Remove(path);
        _names.Sync(root);
        file.HasName = false;
        ReleaseIfDeleted(file);
        return true;
    }

    /// <summary>Moves a directory, also if processes have it open: <c>mv</c>. Durable at once.</summary>
    internal void MoveDirectory(string from, string to)
    {
        Trace?.WriteLine($"directory {from} moved to {to}");
        Count("DirectoryMoved");
        _names.MoveDirectory(from, to);
    }

    /// <summary>Damages one bit of durable content: on a page that was written, up to the last byte of its file that is not zero.</summary>
    /// <returns>What was damaged; null if there is nothing to damage, or if it is about to be overwritten.</returns>
    public FlippedBit? FlipRandomBit()
    {
        lock (Gate) return FlipDrawnBit();
    }

    FlippedBit? FlipDrawnBit()
    {
        var pages = _names.Durable
            .OrderBy(entry => entry.Path, StringComparer.Ordinal)
            .SelectMany(entry => entry.File.DurablePages().Select(offset => (entry.Path, entry.File, Offset: offset)))
            .ToList();
        for (var tries = 0; pages.Count > 0 && tries < 64; tries++)
        {
            var (path, file, offset) = pages[Random.Next(pages.Count)];
            var end = Math.Min(offset + SparseBytes.PageSize, file.LastDurableByte() + 1);
            if (end <= offset) continue;
            var at = Random.NextInt64(offset, end);
            var bit = Random.Next(8);
            if (at >= file.Seen.Length || file.IsDirty(at)) continue;

            file.FlipBit(at * 8 + bit);
            Count("BitFlip");
            Trace?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bit flip in {path} at {at} bit {bit}"));
            return new FlippedBit(path, at, bit);
        }

        return null;
    }

    /// <summary>Damages a given bit, counted from the least significant bit of the first byte, for readers and on the disk.</summary>
    internal void FlipBit(string path, long bitIndex) => Named(path).FlipBit(bitIndex);

    /// <summary>What readers see in a file. Not an operation.</summary>
    internal byte[] ReadAll(string path)
    {
        var seen = Named(path).Seen;
        var content = new byte[seen.Length];
        seen.Read(content, 0);
        return content;
    }

    /// <summary>What readers see in all files now. Not an operation; shares pages with the files until they are written.</summary>
    internal IReadOnlyDictionary<string, SparseBytes> Snapshot() => _names.Seen.ToDictionary(static entry => entry.Path, static entry => entry.File.Seen.Clone());

    /// <summary>The part of a file that certainly survives a power loss now. Not an operation; its name may not survive.</summary>
    internal byte[] ReadDurable(string path) => Named(path).DurableContent();

    /// <summary>Counts an operation and draws its fault. If the fault is a plain refusal, it is thrown here.</summary>
    /// <returns>The fault that the operation itself must handle; null for none.</returns>
    internal Fault? Begin(SimulatedProcess process, IoKind kind, string operation, string path, long offset = 0, long length = 0)
    {
        process.ThrowIfDead();
        IoCount++;
        var fault = Faults.Draw(IoCount, kind, path, Random);
        if (fault == Fault.Error && kind == IoKind.Sync) fault = Fault.SyncFailureKeepingPages;
        Trace?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{IoCount} {operation} {path} @{offset} +{length}{(fault is null ? "" : " !! " + fault)}"));
        if (fault is not { } befallen) return null;

        Count(befallen.ToString());
        return befallen switch
        {
            Fault.Error => throw new LedgerIOException(path, operation, DiskReasons.InputOutput),
            Fault.NoSpace when kind != IoKind.Write => throw new LedgerFullException(path, operation),
            Fault.SyncWithoutSpaceKeepingPages or Fault.SyncWithoutSpaceDroppingPages when kind == IoKind.SyncDirectory => throw FailedSync.ForWantOfSpace(path, operation),
            _ => befallen,
        };
    }

    /// <summary>An operation that happens completely or not at all, also if the power fails during it.</summary>
    internal void Atomic(SimulatedProcess process, IoKind kind, string operation, string path, Action apply)
    {
        if (Begin(process, kind, operation, path) is not { } fault)
        {
            apply();
            return;
        }

        try
        {
            if (Random.Next(2) == 0) apply();
        }
        catch (FactstoneException)
        {
            // The operation would have been refused, but its caller does not exist any more.
        }

        Crash(process, fault);
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    internal void Crash(SimulatedProcess process, Fault fault)
    {
        if (fault == Fault.PowerLoss) CutPower();
        else Kill(process);
        throw new PowerLostException(fault == Fault.PowerLoss ? "The power is lost" : "The process is killed");
    }

    internal SimulatedFile CreateFile(string path, string at, string operation)
    {
        // A name and an inode take space too, so a full disk has none for them.
        if (SparseBytes.PageSize > CapacityBytes - UsedBytes) throw Full(path, operation);
        var file = new SimulatedFile(++_filesCreated);
        _names.Put(at, file);
        return file;
    }

    /// <summary>Takes space for a range, or for as much of its beginning as is available. A real disk that becomes full does so before it reports the error.</summary>
    /// <returns>The number of bytes of the range that have space now.</returns>
    internal long TakeSpace(SimulatedFile file, long offset, long length)
    {
        if (length == 0) return 0;
        var (from, to) = PageRanges.Covering(offset, length);
        var missing = file.Space.Missing((from, to));
        var free = Math.Max(0, CapacityBytes - UsedBytes) / SparseBytes.PageSize;
        if (missing > free)
        {
            if (Random.Next(2) == 0) return 0;
            to = from;
            for (long needed = 0; (needed += file.Space.Missing((to, to + 1))) <= free;) to++;
            missing = free;
        }

        file.Space.Add((from, to));
        UsedBytes += missing * SparseBytes.PageSize;
        return Math.Clamp(to * SparseBytes.PageSize - offset, 0, length);
    }

    internal void ReleaseSpace(long pages) => UsedBytes -= pages * SparseBytes.PageSize;

    internal void ReleaseIfDeleted(SimulatedFile file)
    {
        if (!file.HasName && file.OpenCount == 0) ReleaseSpace(file.Space.Count);
    }

    internal LedgerFullException Full(string path, string operation)
    {
        Count(nameof(Fault.NoSpace));
        return new LedgerFullException(path, operation);
    }

    void CutPower()
    {
        foreach (var process in _processes) process.Die();
        _processes.Clear();
        Stopped?.Invoke();

        var tally = new PowerLossTally();
        foreach (var file in _names.Seen.Concat(_names.Durable).Select(entry => entry.File).DistinctBy(file => file.Id).OrderBy(file => file.Id))
            file.LosePower(Random, tally);
        _names.LosePower(Random, tally);

        UsedBytes = 0;
        foreach (var (_, file) in _names.Seen)
        {
            file.HasName = true; // also if its deletion was lost
            UsedBytes += file.Space.Count * SparseBytes.PageSize;
        }

        Count("SectorLost", tally.SectorsLost);
        Count("WriteTorn", tally.WritesTorn);
        Count("LengthLost", tally.LengthsLost);
        Count("PageSectorOld", tally.PageSectorsOld);
        Count("NameLost", tally.NamesLost);
    }

    void Kill(SimulatedProcess process)
    {
        process = process.Process;
        _processes.Remove(process);
        process.LetGo();
        process.Die();
        Stopped?.Invoke();
    }

    SimulatedProcess Start()
    {
        var process = new SimulatedProcess(this);
        _processes.Add(process);
        return process;
    }

    SimulatedFile Named(string path) => _names.Find(path) ?? throw new LedgerIOException(path, "open", DiskReasons.NoSuchFile);

    void Count(string what, long times = 1)
    {
        if (times > 0) _faultCounts[what] = _faultCounts.GetValueOrDefault(what) + times;
    }
}

/// <summary>A bit that <see cref="SimulatedDisk.FlipRandomBit"/> has flipped.</summary>
/// <param name="Path">The file.</param>
/// <param name="FileOffset">The byte within the file.</param>
/// <param name="Bit">The bit within the byte, 0 for the least significant.</param>
public readonly record struct FlippedBit(string Path, long FileOffset, int Bit);
