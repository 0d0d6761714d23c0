using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The encoding of the positions of a term in a run. See docs/format.md, "Position lists".</summary>
/// <remarks>Its bytes have passed a checksum, so bad bytes would be a defect of this code, not damage: an <see cref="InvariantException"/> reports them.</remarks>
internal static class PositionListFormat
{
    /// <summary>The number of locations that are decoded at a time. A list of at most this many is stored in its dictionary entry.</summary>
    public const int LocationsPerBlock = 64;

    /// <summary>A row of the skip table of a long list: first position (u64), first version (u64), offset of the block (u32), offset of the first fact in its segment (u32).</summary>
    public const int SkipRowBytes = sizeof(ulong) + sizeof(ulong) + sizeof(uint) + sizeof(uint);

    /// <summary>For each location of a stream except the first of a block: the offset in its segment (u32). These offsets follow all positions of the block.</summary>
    public const int OffsetBytes = sizeof(uint);

    /// <summary>The maximal size of a block, or of the head of an entry.</summary>
    public const int BlockBytesMax = LocationsPerBlock * 2 * Leb128.BytesMax;

    public const int HeadBytesMax = (8 * Leb128.BytesMax) + (2 * OffsetBytes);

    /// <summary>Writes a location after the first of a block, as the difference from the location before it.</summary>
    public static int WriteNext(Span<byte> target, bool isStream, in Location before, in Location location)
    {
        var delta = (ulong)(location.Position.Value - before.Position.Value);
        if (!isStream) return Leb128.Write(target, delta);

        // A version is one more than the version before it, except after facts that were lost.
        var gap = (ulong)(location.Version.Value - before.Version.Value - 1);
        var at = Leb128.Write(target, (delta << 2) | (gap > 0 ? 2UL : 0) | (location.Retracts ? 1UL : 0));
        return gap > 0 ? at + Leb128.Write(target[at..], gap) : at;
    }

    /// <summary>Reads the next location. For a stream, it has no offset in its segment yet.</summary>
    public static Location ReadNext(ReadOnlySpan<byte> source, ref int at, bool isStream, in Location before)
    {
        var value = Read(source, ref at);
        if (!isStream) return new Location(default, new Position(before.Position.Value + (long)value), retracts: false);
        var gap = (value & 2) != 0 ? (long)Read(source, ref at) : 0;
        return new Location(new StreamVersion(before.Version.Value + 1 + gap), new Position(before.Position.Value + (long)(value >> 2)), (value & 1) != 0);
    }

    /// <summary>Reads the offset in its segment of a location of a stream.</summary>
    /// <param name="source">All bytes of the block's locations after the first.</param>
    /// <param name="number">The number of the location in the block, from 1.</param>
    /// <param name="count">The number of locations in the block, the first included.</param>
    public static uint ReadOffset(ReadOnlySpan<byte> source, long number, long count) =>
        BinaryPrimitives.ReadUInt32LittleEndian(source[^(int)((count - number) * OffsetBytes)..]);

    public static ulong Read(ReadOnlySpan<byte> source, ref int at)
    {
        if (!Leb128.TryRead(source, ref at, out var value)) throw new InvariantException("a list of a run ends where it says");
        return value;
    }
}

/// <summary>The head of a list in its dictionary entry, before the locations.</summary>
internal struct PositionListHead
{
    public long Count;

    public Location First;

    public Location Last;

    /// <summary>For a store: the number of its streams that begin in this run.</summary>
    public long Streams;

    /// <summary>For a long list: the offset of its blocks and their skip table. For a short one: the offset of its locations in the entry.</summary>
    public long ListOffset;

    public long ListBytes;

    public readonly bool IsLong => Count > PositionListFormat.LocationsPerBlock;

    public readonly int Blocks => (int)((Count + PositionListFormat.LocationsPerBlock - 1) / PositionListFormat.LocationsPerBlock);

    /// <summary>Writes the head. The locations of a short list follow it, from the second one on.</summary>
    public readonly int Write(Span<byte> target, TermKind kind, Position runFirst)
    {
        var at = Leb128.Write(target, (ulong)Count);
        at += Leb128.Write(target[at..], (ulong)(First.Position.Value - runFirst.Value));
        at += Leb128.Write(target[at..], (ulong)(Last.Position.Value - First.Position.Value));
        if (kind == TermKind.Stream)
        {
            at += Leb128.Write(target[at..], (ulong)First.Version.Value);
            at += Leb128.Write(target[at..], ((ulong)(Last.Version.Value - First.Version.Value) << 2) | (First.Retracts ? 2UL : 0) | (Last.Retracts ? 1UL : 0));
            at += WriteOffset(target[at..], First);
            if (Count > 1) at += WriteOffset(target[at..], Last);
        }

        if (kind == TermKind.Store) at += Leb128.Write(target[at..], (ulong)Streams);
        if (!IsLong) return at;
        at += Leb128.Write(target[at..], (ulong)ListOffset);
        return at + Leb128.Write(target[at..], (ulong)ListBytes);
    }

    public static PositionListHead Read(ReadOnlySpan<byte> value, TermKind kind, Position runFirst)
    {
        var at = 0;
        var head = new PositionListHead { Count = (long)PositionListFormat.Read(value, ref at) };
        var first = new Position(runFirst.Value + (long)PositionListFormat.Read(value, ref at));
        var last = new Position(first.Value + (long)PositionListFormat.Read(value, ref at));
        if (kind == TermKind.Stream)
        {
            var version = (long)PositionListFormat.Read(value, ref at);
            var more = PositionListFormat.Read(value, ref at);
            head.First = new Location(new StreamVersion(version), first, (more & 2) != 0, ReadOffset(value, ref at));
            head.Last = new Location(new StreamVersion(version + (long)(more >> 2)), last, (more & 1) != 0, head.Count > 1 ? ReadOffset(value, ref at) : head.First.FileOffset);
        }
        else
        {
            head.First = new Location(default, first, retracts: false);
            head.Last = new Location(default, last, retracts: false);
        }

        if (kind == TermKind.Store) head.Streams = (long)PositionListFormat.Read(value, ref at);
        if (head.IsLong)
        {
            head.ListOffset = (long)PositionListFormat.Read(value, ref at);
            head.ListBytes = (long)PositionListFormat.Read(value, ref at);
        }
        else
        {
            head.ListOffset = at;
            head.ListBytes = value.Length - at;
        }

        return head;
    }

    static int WriteOffset(Span<byte> target, in Location location)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, location.FileOffset);
        return PositionListFormat.OffsetBytes;
    }

    static uint ReadOffset(ReadOnlySpan<byte> source, ref int at)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
        at += PositionListFormat.OffsetBytes;
        return offset;
    }
}
