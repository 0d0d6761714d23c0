using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The locations of one term in a run, decoded one block at a time.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class RunLocations : IStreamLocations
{
    readonly Run _run;
    readonly PositionListHead _head;
    readonly bool _isStream;
    readonly Location[] _block;
    int _blockNumber = -1;

    public RunLocations(Run run, TermKind kind, in PositionListHead head, ReadOnlySpan<byte> value)
    {
        (_run, _head, _isStream) = (run, head, kind == TermKind.Stream);
        _block = new Location[Math.Min(head.Count, PositionListFormat.LocationsPerBlock)];
        if (head.IsLong) return;
        Decode(value[(int)head.ListOffset..], _isStream, head.First, _block);
        _blockNumber = 0;
    }

    public int Count => checked((int)_head.Count);

    public Location this[int index]
    {
        get
        {
            if (index == 0) return _head.First;
            if (index == _head.Count - 1) return _head.Last;
            Load(index / PositionListFormat.LocationsPerBlock);
            return _block[index % PositionListFormat.LocationsPerBlock];
        }
    }

    public int CountUntil(Position until)
    {
        if (_head.Last.Position <= until) return Count;
        if (_head.First.Position > until) return 0;

        var block = BlockUntil(_run, _head, until);
        Load(block);
        return (block * PositionListFormat.LocationsPerBlock) + StreamEntry.CountUntil(Loaded(block), until);
    }

    public int CountBelow(StreamVersion version)
    {
        if (_head.Last.Version < version) return Count;
        if (_head.First.Version >= version) return 0;
        var block = BinarySearch.Count(new BlocksBelow(this, version), _head.Blocks, known: 1) - 1;
        Load(block);
        return (block * PositionListFormat.LocationsPerBlock) + StreamEntry.CountBelow(Loaded(block), version);
    }

    /// <summary>The last block that begins at or below a position. The position must be in the list's range.</summary>
    public static int BlockUntil(Run run, in PositionListHead head, Position until) =>
        (int)RowSearch.CountUntil(new BlockStarts(run, head), head.Blocks, head.First.Position.Value, head.Last.Position.Value, until.Value) - 1;

    ReadOnlySpan<Location> Loaded(int block) => _block.AsSpan(0, CountIn(_head, block));

    static int CountIn(in PositionListHead head, int block) => (int)Math.Min(PositionListFormat.LocationsPerBlock, head.Count - ((long)block * PositionListFormat.LocationsPerBlock));

    void Load(int block)
    {
        if (block == _blockNumber) return;
        Decode(Block(_run, _head, block, out var first, out var count), _isStream, first, _block.AsSpan(0, count));
        GC.KeepAlive(_run);
        _blockNumber = block;
    }

    /// <summary>Decodes the locations of one block of a list, or all locations of a short list, into a buffer for <see cref="PositionListFormat.LocationsPerBlock"/>.</summary>
    public static Span<Location> Decode(Run run, TermKind kind, in PositionListHead head, ReadOnlySpan<byte> value, int block, Span<Location> locations)
    {
        var isStream = kind == TermKind.Stream;
        if (!head.IsLong)
        {
            locations = locations[..(int)head.Count];
            Decode(value[(int)head.ListOffset..], isStream, head.First, locations);
            return locations;
        }

        var bytes = Block(run, head, block, out var first, out var count);
        locations = locations[..count];
        Decode(bytes, isStream, first, locations);
        GC.KeepAlive(run);
        return locations;
    }

    /// <summary>The bytes of a block of a long list, its first location and the number of its locations.</summary>
    public static ReadOnlySpan<byte> Block(Run run, in PositionListHead head, int block, out Location first, out int count)
    {
        (first, var offset) = Row(run, head, block);
        count = CountIn(head, block);
        var end = block + 1 < head.Blocks ? Row(run, head, block + 1).Offset : head.ListBytes - ((long)head.Blocks * PositionListFormat.SkipRowBytes);
        run.Prefetch(head.ListOffset + offset, end - offset); // a location is at the end of its block
        return run.Read(head.ListOffset + offset, end - offset);
    }

    public static (Location First, long Offset) Row(Run run, in PositionListHead head, int block)
    {
        var rowsAt = head.ListOffset + head.ListBytes - ((long)head.Blocks * PositionListFormat.SkipRowBytes);
        var row = run.Read(rowsAt + ((long)block * PositionListFormat.SkipRowBytes), PositionListFormat.SkipRowBytes);
        var version = BinaryPrimitives.ReadInt64LittleEndian(row[sizeof(long)..]);
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(row[(2 * sizeof(long))..]);
        var fileOffset = BinaryPrimitives.ReadUInt32LittleEndian(row[((2 * sizeof(long)) + sizeof(uint))..]);
        var first = new Location(new StreamVersion(version >> 1), new Position(BinaryPrimitives.ReadInt64LittleEndian(row)), (version & 1) != 0, fileOffset);
        GC.KeepAlive(run);
        return (first, offset);
    }

    static void Decode(ReadOnlySpan<byte> source, bool isStream, in Location first, Span<Location> locations)
    {
        locations[0] = first;
        var at = 0;
        for (var i = 1; i < locations.Length; i++) locations[i] = PositionListFormat.ReadNext(source, ref at, isStream, locations[i - 1]);
        if (!isStream) return;
        for (var i = 1; i < locations.Length; i++) locations[i] = locations[i].At(PositionListFormat.ReadOffset(source, i, locations.Length));
    }

    /// <summary>The first position of each block of a list.</summary>
    readonly struct BlockStarts(Run run, in PositionListHead head) : ISortedRows
    {
        readonly PositionListHead _head = head;

        public long this[long number] => Row(run, _head, (int)number).First.Position.Value;
    }

    /// <summary>The blocks of a list that begin below a version.</summary>
    readonly struct BlocksBelow(RunLocations list, StreamVersion version) : IFirstItems
    {
        public bool Contains(int number) => Row(list._run, list._head, number).First.Version < version;
    }
}
