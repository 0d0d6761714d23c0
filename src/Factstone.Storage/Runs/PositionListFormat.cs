using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>How a run writes the positions of a term. See docs/format.md, "Position lists".</summary>
/// <remarks>Never throws on bad bytes that a checksum has passed: those would be a mistake of ours, and an <see cref="InvariantException"/> says so.</remarks>
internal static class PositionListFormat
{
    /// <summary>Places decoded at a time; a list of no more stands in its dictionary entry.</summary>
    public const int LocationsPerBlock = 64;

    /// <summary>A row of a long list's skip table: first position (u64), first version (u64), where the block begins (u32), where the first fact is in its segment (u32).</summary>
    public const int SkipRowBytes = sizeof(ulong) + sizeof(ulong) + sizeof(uint) + sizeof(uint);

    /// <summary>Of each place of a stream but the first of a block: where it is in its segment (u32), behind all that is said of their positions.</summary>
    public const int OffsetBytes = sizeof(uint);

    /// <summary>A block, or an entry's head, at its longest.</summary>
    public const int BlockBytesMax = LocationsPerBlock * 2 * Leb128.BytesMax;

    public const int HeadBytesMax = (8 * Leb128.BytesMax) + (2 * OffsetBytes);

    /// <summary>Writes the places behind the first of a block, each by what separates it from the one before.</summary>
    public static int WriteNext(Span<byte> target, bool isStream, in Location before, in Location location)
    {
        var delta = (ulong)(location.Position.Value - before.Position.Value);
        if (!isStream) return Leb128.Write(target, delta);

        // A version follows the one before, except behind facts that were lost.
        var gap = (ulong)(location.Version.Value - before.Version.Value - 1);
        var at = Leb128.Write(target, (delta << 2) | (gap > 0 ? 2UL : 0) | (location.Retracts ? 1UL : 0));
        return gap > 0 ? at + Leb128.Write(target[at..], gap) : at;
    }

    /// <summary>The next place, of a stream without where it is in its segment.</summary>
    public static Location ReadNext(ReadOnlySpan<byte> source, ref int at, bool isStream, in Location before)
    {
        var value = Read(source, ref at);
        if (!isStream) return new Location(default, new Position(before.Position.Value + (long)value), retracts: false);
        var gap = (value & 2) != 0 ? (long)Read(source, ref at) : 0;
        return new Location(new StreamVersion(before.Version.Value + 1 + gap), new Position(before.Position.Value + (long)(value >> 2)), (value & 1) != 0);
    }

    /// <summary>Where a place of a stream is in its segment.</summary>
    /// <param name="source">All that is said of the places behind the first of its block.</param>
    /// <param name="number">The place's number among all of the block, from 1.</param>
    /// <param name="count">How many the block has, the first included.</param>
    public static uint ReadOffset(ReadOnlySpan<byte> source, long number, long count) =>
        BinaryPrimitives.ReadUInt32LittleEndian(source[^(int)((count - number) * OffsetBytes)..]);

    public static ulong Read(ReadOnlySpan<byte> source, ref int at)
    {
        if (!Leb128.TryRead(source, ref at, out var value)) throw new InvariantException("a list of a run ends where it says");
        return value;
    }
}

/// <summary>What a dictionary entry says of a list before its places.</summary>
internal struct PositionListHead
{
    public long Count;

    public Location First;

    public Location Last;

    /// <summary>For a store: how many of its streams begin in this run.</summary>
    public long Streams;

    /// <summary>For a long list: where its blocks and their skip table are. For a short one: where its places begin in the entry.</summary>
    public long ListOffset;

    public long ListBytes;

    public readonly bool IsLong => Count > PositionListFormat.LocationsPerBlock;

    public readonly int Blocks => (int)((Count + PositionListFormat.LocationsPerBlock - 1) / PositionListFormat.LocationsPerBlock);

    /// <summary>Writes the head; a short list's places follow, from the second on.</summary>
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
