using System.Globalization;
using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A disk that fails on request or by chance, and loses power the way real ones do: for tests that a ledger, or a program on it, survives that.</summary>
/// <remarks>
/// <para>
/// It keeps two images of each file, what was written and what would survive. After <see cref="LosePower"/> each 512-byte
/// sector of what was not synced is old or new, whatever its neighbours are; lengths and names that were not synced are
/// kept up to some point in their order; a mapped page has, in each sector, any state since its last sync.
/// </para>
/// <para>
/// Threads: one at a time, since everything is drawn from one seeded <see cref="Random"/>. The same seed and the same calls
/// have the same outcome; <see cref="Trace"/> shows them.
/// </para>
/// </remarks>
public sealed class SimulatedDisk
{
    readonly SimulatedNames _names = new();
    readonly List<SimulatedProcess> _processes = [];
    readonly SortedDictionary<string, long> _faultCounts = new(StringComparer.Ordinal);
    SimulatedProcess? _main;
    int _filesCreated;

    /// <param name="seed">Decides every chance there is.</param>
    public SimulatedDisk(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
    }

    /// <summary>What this disk was created with: print it where a test fails.</summary>
    public int Seed { get; }

    /// <summary>Which faults strike, and when.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>
    /// How many operations have begun, of all processes; the first has number 1. Reads, openings and stores into a mapped page count too;
    /// asking for the length of an open file and reading a mapped page, which cannot fail, do not.
    /// </summary>
    public long IoCount { get; private set; }

    /// <summary>What all files together may take, by pages of 4,096 bytes written or reserved. May be changed at any time; less than is used refuses only what needs more.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>The space taken by pages written or reserved.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>
    /// What has actually happened: each <see cref="Fault"/> by its name, BitFlip, and what power losses took: SectorLost, WriteTorn
    /// (some sectors of one write and not others), LengthLost, PageSectorOld, NameLost. A test that counts on a fault should see it here.
    /// </summary>
    public IReadOnlyDictionary<string, long> FaultCounts => _faultCounts;

    /// <summary>Whether directories can be locked; a network disk refuses that, and then a lock is lost with its file.</summary>
    internal bool LocksDirectories { get; set; } = true;

    /// <summary>Where a line for each operation goes, for replaying a seed; null for nowhere.</summary>
    public TextWriter? Trace { get; set; }

    /// <summary>The file system as a process sees it that runs now: after a power loss or a kill, that of a new one.</summary>
    internal IFileSystem FileSystem => _main is { IsDead: false } ? _main : _main = Start();

    /// <summary>Whether a mapped read of a file, by its path, may touch only what was synced since it was written; null for no file.</summary>
    internal Func<string, bool>? ChecksMappedBytes { get; set; }

    /// <summary>The first mapped read that would have ended its process, or that no reader may make; null while there was none.</summary>
    internal string? MappingFault { get; set; }

    internal Random Random { get; }

    internal SimulatedNames Names => _names;

    /// <summary>The paths of all files that readers see, by unsigned UTF-8 bytes.</summary>
    internal IEnumerable<string> Paths => _names.Seen.Select(entry => entry.Path).Order(FileNames.ByUtf8Bytes);

    /// <summary>Another process on the same machine: <see cref="KillProcess"/> does not end it, a power loss does.</summary>
    internal IFileSystem StartProcess() => Start();

    /// <summary>
    /// Cuts the power. Of what was not synced, chance decides what is there afterwards; every file, mapping and lock of
    /// every process is dead, and using one throws. The machine starts again when a ledger is opened on this disk.
    /// </summary>
    public void LosePower()
    {
        Trace?.WriteLine("power loss");
        Count(nameof(Fault.PowerLoss));
        CutPower();
    }

    /// <summary>
    /// Kills the process that uses this disk: its files, mappings and locks are dead, and using one throws. What it
    /// wrote is there for the next one, and can still be lost with the power where it was not synced.
    /// </summary>
    public void KillProcess()
    {
        Trace?.WriteLine("process kill");
        Count(nameof(Fault.ProcessKill));
        if (_main is { IsDead: false }) Kill(_main);
    }

    /// <summary>Somebody deletes the lock file of a ledger, taking it for left over: <c>rm LOCK</c>. Durable at once.</summary>
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

    /// <summary>Somebody moves a directory, with whoever has it open: <c>mv</c>. Durable at once.</summary>
    internal void MoveDirectory(string from, string to)
    {
        Trace?.WriteLine($"directory {from} moved to {to}");
        Count("DirectoryMoved");
        _names.MoveDirectory(from, to);
    }

    /// <summary>Damages one bit of what the disk holds for good: on a page that was written, up to the last byte of its file that is not zero.</summary>
    /// <returns>What was damaged; null when there is nothing to damage, or what there is waits to be written over.</returns>
    public FlippedBit? FlipRandomBit()
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

    /// <summary>Damages a given bit, counted from the least significant of the first byte, for readers and on the disk.</summary>
    internal void FlipBit(string path, long bitIndex) => Named(path).FlipBit(bitIndex);

    /// <summary>What readers see in a file, without being an operation.</summary>
    internal byte[] ReadAll(string path)
    {
        var seen = Named(path).Seen;
        var content = new byte[seen.Length];
        seen.Read(content, 0);
        return content;
    }

    /// <summary>What readers see in all files now, without being an operation; shares its pages with the files until they are written.</summary>
    internal IReadOnlyDictionary<string, SparseBytes> Snapshot() => _names.Seen.ToDictionary(static entry => entry.Path, static entry => entry.File.Seen.Clone());

    /// <summary>What of a file certainly survives a power loss now, without being an operation; its name may not.</summary>
    internal byte[] ReadDurable(string path) => Named(path).DurableContent();

    /// <summary>Counts an operation and draws what befalls it. Refuses it right here where that is all there is to it.</summary>
    /// <returns>What the operation has to deal with itself; null when nothing happens.</returns>
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

    /// <summary>An operation that happens or does not, also when the power goes meanwhile.</summary>
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
            // It would have been refused, and nobody is left to be told.
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

    /// <summary>Takes space for a range, or for as much of its beginning as there is; a real disk that runs full has done that before it says so.</summary>
    /// <returns>How many bytes of the range have space now.</returns>
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

        var tally = new PowerLossTally();
        foreach (var file in _names.Seen.Concat(_names.Durable).Select(entry => entry.File).DistinctBy(file => file.Id).OrderBy(file => file.Id))
            file.LosePower(Random, tally);
        _names.LosePower(Random, tally);

        UsedBytes = 0;
        foreach (var (_, file) in _names.Seen)
        {
            file.HasName = true; // also where its deletion was lost
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

/// <summary>A bit that <see cref="SimulatedDisk.FlipRandomBit"/> has damaged.</summary>
/// <param name="Path">The file.</param>
/// <param name="FileOffset">The byte within the file.</param>
/// <param name="Bit">The bit within the byte, 0 for the least significant.</param>
public readonly record struct FlippedBit(string Path, long FileOffset, int Bit);
