using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A file of a <see cref="SimulatedDisk"/> in two images: what readers see, and what a power loss leaves.</summary>
/// <remarks>
/// Between the two is the list of changes since the last sync, in order. It has whole sectors as they read after the
/// change, because that is what a kernel writes back: a sector on the disk is always one that a reader could have seen,
/// but two sectors need not be from the same moment.
/// </remarks>
internal sealed class SimulatedFile(int id)
{
    public const int SectorSize = 512;

    const int PageStatesMax = 64;

    readonly List<Change> _unsynced = [];
    readonly List<byte[]>?[] _pageStates = new List<byte[]>?[ISharedPage.Size / SectorSize];
    readonly SparseBytes _durable = new();
    readonly UnsyncedRanges _ranges = new();
    SparseBytes _seen = new();
    LiveBytes? _live;

    abstract record Change;

    /// <summary>Whole sectors; null for zeros, so that preallocated zeros cost nothing.</summary>
    sealed record Written(long Offset, int Length, byte[]? Sectors) : Change;

    sealed record Resized(long Length, bool IsCut) : Change;

    /// <summary>Numbers files in the order of their creation, so that a seed finds them in the same order.</summary>
    public int Id { get; } = id;

    public SparseBytes Seen => _seen;

    public PageRanges Space { get; } = new();

    public int OpenCount { get; set; }

    public bool HasName { get; set; } = true;

    public SimulatedLock? LockedBy { get; set; }

    /// <summary>The number of failed syncs.</summary>
    public long SyncFailures { get; set; }

    /// <summary>What readers see, as memory in which later writes are visible.</summary>
    public ReadOnlySpan<byte> Live(long offset, int length) => (_live ??= new LiveBytes(_seen)).At(offset, length);

    /// <summary>Whether a range has bytes that were not synced since they were written.</summary>
    public bool IsUnsynced(long offset, long length) => _ranges.Touch(offset, offset + length);

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty) return;
        GrowTo(offset + bytes.Length);
        _seen.Write(bytes, offset);
        _live?.Refresh(offset, bytes.Length);
        _ranges.Add(offset, offset + bytes.Length);
        var (from, to) = SectorsOf(offset, bytes.Length);
        var sectors = new byte[to - from];
        _seen.Read(sectors, from);
        _unsynced.Add(new Written(from, sectors.Length, sectors.AsSpan().ContainsAnyExcept((byte)0) ? sectors : null));
    }

    public void GrowTo(long length)
    {
        if (length > _seen.Length) Resize(length);
    }

    public void Resize(long length)
    {
        if (length == _seen.Length) return;
        _unsynced.Add(new Resized(length, IsCut: length < _seen.Length));
        var before = _seen.Length;
        _seen.SetLength(length);
        _live?.Resized(before, length);
    }

    /// <summary>A store into the mapped page. The system may write back any state of it at any time.</summary>
    public void WritePage(ReadOnlySpan<byte> bytes, int offset)
    {
        if (bytes.IsEmpty) return;
        _seen.Write(bytes, offset);
        _live?.Refresh(offset, bytes.Length);
        var (from, to) = SectorsOf(offset, bytes.Length);
        for (var at = from; at < to; at += SectorSize)
        {
            var states = _pageStates[at / SectorSize] ??= [];
            var state = states.Count < PageStatesMax ? new byte[SectorSize] : states[0];
            if (states.Count == PageStatesMax) states.RemoveAt(0);
            _seen.Read(state, at);
            states.Add(state);
        }
    }

    public void Sync()
    {
        foreach (var change in _unsynced)
        {
            if (change is Resized resized) _durable.SetLength(resized.Length);
            if (change is Written written) WriteDurable(written, 0, written.Length);
        }

        for (var sector = 0; sector < _pageStates.Length; sector++)
            if (_pageStates[sector] is [.., var newest])
                _durable.Write(newest, sector * SectorSize);
        _durable.SetLength(_seen.Length);
        _ranges.Synced();
        ForgetUnsynced();
    }

    /// <summary>A sync that wrote a share of the sectors and then failed. The system considers the rest clean, so no later sync writes it.</summary>
    public void FailSync(double indexedEnd, bool keepsPages, Random random)
    {
        var dirty = DirtySectors();

        // The length is in the journal of the file system: it is written with the first sector, or waits for the next sync.
        List<Change> waiting = indexedEnd > 0 ? [] : [.. _unsynced.Where(change => change is Resized)];
        if (indexedEnd > 0)
        {
            foreach (var change in _unsynced)
            {
                if (change is Resized resized) _durable.SetLength(resized.Length);
                if (change is Written written)
                    for (var at = 0; at < written.Length; at += SectorSize)
                        if (Chance(indexedEnd, random))
                            WriteDurable(written, at, SectorSize);
            }

            for (var sector = 0; sector < _pageStates.Length; sector++)
                if (_pageStates[sector] is [.., var newest] && Chance(indexedEnd, random))
                    _durable.Write(newest, sector * SectorSize);
            _durable.SetLength(_seen.Length);
        }

        ForgetUnsynced();
        _ranges.Failed();
        _unsynced.AddRange(waiting);
        if (!keepsPages) ReadAgain(dirty);
    }

    /// <summary>Leaves a possible state of the disk: of what was not synced each sector old or new, and any length that the file had.</summary>
    /// <remarks>
    /// Lengths survive as a prefix, in order, as in a journal. What was written after a cut that does not survive is lost
    /// with it, because it was written to blocks that the file does not have.
    /// </remarks>
    public void LosePower(Random random, PowerLossTally tally)
    {
        var lengthsLeft = random.Next(3) == 0 ? int.MaxValue : random.Next(_unsynced.Count(change => change is Resized) + 1);
        var chance = DrawShare(random);
        var length = _durable.Length;
        var lostFrom = long.MaxValue;
        foreach (var change in _unsynced)
        {
            if (change is Resized resized)
            {
                if (lengthsLeft-- > 0)
                {
                    length = resized.Length;
                    _durable.SetLength(length);
                }
                else
                {
                    tally.LengthsLost++;
                    if (resized.IsCut) lostFrom = Math.Min(lostFrom, resized.Length);
                }
            }

            if (change is Written written)
            {
                var kept = 0;
                for (var at = 0; at < written.Length; at += SectorSize)
                {
                    if (written.Offset + at + SectorSize > lostFrom || !Chance(chance, random)) continue;
                    WriteDurable(written, at, SectorSize);
                    kept++;
                }

                tally.Wrote(kept, written.Length / SectorSize);
            }
        }

        for (var sector = 0; sector < _pageStates.Length; sector++)
        {
            if (_pageStates[sector] is not { Count: > 0 } states) continue;

            // Any state, but often the two that a mistake is most likely to depend on: the first and the last.
            var state = random.Next(3) switch { 0 => -1, 1 => states.Count - 1, _ => random.Next(-1, states.Count) };
            if (state >= 0) _durable.Write(states[state], sector * SectorSize);
            if (state < states.Count - 1) tally.PageSectorsOld++;
        }

        _durable.SetLength(length);
        _seen = _durable.Clone();
        _live = null; // no process has it mapped any more
        _ranges.Clear();
        ForgetUnsynced();
        Space.CutTo(length);
        OpenCount = 0;
        LockedBy = null;
    }

    /// <summary>Damages a bit permanently: on the disk, and for readers.</summary>
    public void FlipBit(long bitIndex)
    {
        _durable.FlipBit(bitIndex);
        _seen.FlipBit(bitIndex);
        _live?.Refresh(bitIndex / 8, 1);
    }

    /// <summary>The pages with durable bytes other than zero.</summary>
    public IEnumerable<long> DurablePages() => _durable.PageOffsets();

    public long LastDurableByte() => _durable.LastNonZero();

    /// <summary>Whether the sector of this byte is about to be written, so that damage to it would be overwritten.</summary>
    public bool IsDirty(long offset) => DirtySectors().Any(range => offset >= range.From && offset < range.To);

    public byte[] DurableContent()
    {
        var content = new byte[_durable.Length];
        _durable.Read(content, 0);
        return content;
    }

    /// <summary>None, all, or a share in between: an independent choice for each sector would never leave a large write whole.</summary>
    public static double DrawShare(Random random) => random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };

    static bool Chance(double chance, Random random) => chance >= 1 || (chance > 0 && random.NextDouble() < chance);

    static (long From, long To) SectorsOf(long offset, int length) =>
        (offset / SectorSize * SectorSize, (offset + length + SectorSize - 1) / SectorSize * SectorSize);

    void WriteDurable(Written written, int at, int length)
    {
        if (written.Sectors is { } sectors)
            _durable.Write(sectors.AsSpan(at, length), written.Offset + at);
        else
            _durable.Clear(written.Offset + at, length);
    }

    List<(long From, long To)> DirtySectors()
    {
        List<(long, long)> ranges = [.. _unsynced.OfType<Written>().Select(written => (written.Offset, written.Offset + written.Length))];
        for (var sector = 0; sector < _pageStates.Length; sector++)
            if (_pageStates[sector] is { Count: > 0 })
                ranges.Add((sector * SectorSize, (sector + 1) * SectorSize));
        return ranges;
    }

    void ReadAgain(List<(long From, long To)> ranges)
    {
        var length = _seen.Length;
        foreach (var (from, to) in ranges)
        {
            var onDisk = new byte[to - from];
            _durable.Read(onDisk, from);
            _seen.Write(onDisk, from);
            _live?.Refresh(from, onDisk.Length);
        }

        _seen.SetLength(length);
    }

    void ForgetUnsynced()
    {
        _unsynced.Clear();
        foreach (var states in _pageStates) states?.Clear();
    }
}

/// <summary>The effects of a power loss, for the counts of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class PowerLossTally
{
    public long SectorsLost { get; private set; }

    public long WritesTorn { get; private set; }

    public long LengthsLost { get; set; }

    public long PageSectorsOld { get; set; }

    public long NamesLost { get; set; }

    public void Wrote(int sectorsKept, int sectors)
    {
        SectorsLost += sectors - sectorsKept;
        if (sectorsKept > 0 && sectorsKept < sectors) WritesTorn++;
    }
}
