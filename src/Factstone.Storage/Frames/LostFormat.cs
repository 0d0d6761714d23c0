using System.Buffers.Binary;
using System.Text;

namespace Factstone.Storage;

/// <summary>The content of a frame of lost facts after its header. See docs/format.md, "Lost facts".</summary>
internal static class LostFormat
{
    const int LastPositionAt = 0;
    const int PreviousLostAt = LastPositionAt + sizeof(ulong);
    const int KnownCountAt = PreviousLostAt + sizeof(uint);
    const int AppendCountAt = KnownCountAt + sizeof(uint);
    const int ListsAt = AppendCountAt + sizeof(uint);

    const int LengthBytes = sizeof(ushort);
    const int AppendFirstAt = 0;
    const int AppendRecordedAtAt = AppendFirstAt + sizeof(ulong);
    const int AppendFactCountAt = AppendRecordedAtAt + sizeof(long);
    const int AppendIdLengthAt = AppendFactCountAt + sizeof(ushort);
    const int AppendIdAt = AppendIdLengthAt + sizeof(byte);

    static readonly int HeaderBytes = FrameFormat.HeaderBytes(appendIdLength: 0, factCount: 0);

    /// <summary>The length of the whole frame.</summary>
    public static int FrameBytes(LostFrame lost) =>
        FrameFormat.Padded(HeaderBytes + ListsAt
            + lost.Known.Sum(header => LengthBytes + header.Length)
            + lost.Appends.Sum(append => AppendIdAt + Encoding.UTF8.GetByteCount(append.AppendId))
            + sizeof(uint) + FrameFormat.TrailerBytes);

    /// <summary>Writes the whole frame and returns its length.</summary>
    /// <param name="target">The bytes from the beginning of the frame on.</param>
    /// <param name="lost">The content.</param>
    /// <param name="segment">The segment that it is for.</param>
    /// <param name="fileOffset">The offset in the segment.</param>
    /// <param name="time">The last RecordedAt before it.</param>
    public static int Write(Span<byte> target, LostFrame lost, Segment segment, long fileOffset, long time)
    {
        var frame = target[..FrameBytes(lost)];
        frame.Clear();
        var body = frame[HeaderBytes..];
        BinaryPrimitives.WriteInt64LittleEndian(body[LastPositionAt..], lost.Last.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(body[PreviousLostAt..], (uint)lost.PreviousLost);
        BinaryPrimitives.WriteUInt32LittleEndian(body[KnownCountAt..], (uint)lost.Known.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(body[AppendCountAt..], (uint)lost.Appends.Count);
        var at = ListsAt;
        foreach (var known in lost.Known)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(body[at..], (ushort)known.Length);
            known.CopyTo(body[(at + LengthBytes)..]);
            at += LengthBytes + known.Length;
        }

        foreach (var append in lost.Appends)
        {
            BinaryPrimitives.WriteInt64LittleEndian(body[(at + AppendFirstAt)..], append.First.Value);
            BinaryPrimitives.WriteInt64LittleEndian(body[(at + AppendRecordedAtAt)..], append.RecordedAt);
            BinaryPrimitives.WriteUInt16LittleEndian(body[(at + AppendFactCountAt)..], (ushort)append.FactCount);
            var length = Encoding.UTF8.GetBytes(append.AppendId, body[(at + AppendIdAt)..]);
            body[at + AppendIdLengthAt] = (byte)length;
            at += AppendIdAt + length;
        }

        var bodyChecksum = Crc32C.Of(segment.Seed, body[..at]);
        BinaryPrimitives.WriteUInt32LittleEndian(body[at..], bodyChecksum);
        var header = new FrameHeader
        {
            Kind = FrameKind.Lost,
            FrameBytes = frame.Length,
            LedgerTag = segment.LedgerTag,
            FileOffset = fileOffset,
            GroupStart = fileOffset,
            BasePosition = lost.First,
            Time = time,
        };
        var headerChecksum = FrameFormat.WriteHeader(frame, header, [], segment.Seed);
        var padding = body[(at + sizeof(uint))..^FrameFormat.TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(frame[^FrameFormat.TrailerBytes..], Trailer(segment.Seed, bodyChecksum, headerChecksum, padding));
        return frame.Length;
    }

    /// <summary>Whether every checksum of the frame matches and its lists end where they should. Never throws on bad bytes.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> frame, in FrameHeader header, uint seed) => TryRead(frame, header, seed, lists: null, out _);

    /// <summary>The last position of a whole frame.</summary>
    public static Position Last(ReadOnlySpan<byte> frame, in FrameHeader header) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(frame[(header.HeaderBytes + LastPositionAt)..]));

    /// <summary>The number of lost facts with a known header in a whole frame.</summary>
    public static int KnownCount(ReadOnlySpan<byte> frame, in FrameHeader header) =>
        BinaryPrimitives.ReadInt32LittleEndian(frame[(header.HeaderBytes + KnownCountAt)..]);

    /// <summary>Reads a frame; null if it is not whole. Never throws on bad bytes.</summary>
    public static LostFrame? Read(ReadOnlySpan<byte> frame, in FrameHeader header, uint seed)
    {
        var lists = new Lists();
        if (!TryRead(frame, header, seed, lists, out var body)) return null;
        return new LostFrame
        {
            First = header.BasePosition,
            Last = new Position(BinaryPrimitives.ReadInt64LittleEndian(body[LastPositionAt..])),
            PreviousLost = BinaryPrimitives.ReadUInt32LittleEndian(body[PreviousLostAt..]),
            Known = lists.Known,
            Appends = lists.Appends,
        };
    }

    /// <summary>The offset of the previous frame of lost facts in the segment, of a whole frame; 0 for none.</summary>
    public static long PreviousLost(ReadOnlySpan<byte> frame, in FrameHeader header) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[(header.HeaderBytes + PreviousLostAt)..]);

    /// <summary>Shows a visitor what is known of the facts of a whole frame.</summary>
    public static void Visit(ReadOnlySpan<byte> frame, in FrameHeader header, uint seed, ILostVisitor visitor)
    {
        var isWhole = TryRead(frame, header, seed, visitor, out _);
        Invariant.Holds(isWhole);
    }

    static bool TryRead(ReadOnlySpan<byte> frame, in FrameHeader header, uint seed, ILostVisitor? lists, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (header.Kind != FrameKind.Lost || header.FactCount != 0 || header.AppendIdLength != 0 || frame.Length < header.FrameBytes) return false;
        body = frame[header.HeaderBytes..(header.FrameBytes - FrameFormat.TrailerBytes)];
        if (body.Length < ListsAt + sizeof(uint)) return false;

        var last = BinaryPrimitives.ReadInt64LittleEndian(body[LastPositionAt..]);
        if (last < header.BasePosition.Value || last > Position.MaxValue) return false;
        var at = ListsAt;
        if (!TryReadKnown(body, ref at, lists) || !TryReadAppends(body, ref at, lists) || body.Length - at < sizeof(uint)) return false;

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(body[at..]);
        return checksum == Crc32C.Of(seed, body[..at])
            && BinaryPrimitives.ReadUInt32LittleEndian(frame[(header.FrameBytes - FrameFormat.TrailerBytes)..]) == Trailer(seed, checksum, header.Checksum, body[(at + sizeof(uint))..]);
    }

    static bool TryReadKnown(ReadOnlySpan<byte> body, ref int at, ILostVisitor? visitor)
    {
        for (var left = BinaryPrimitives.ReadUInt32LittleEndian(body[KnownCountAt..]); left > 0; left--)
        {
            if (body.Length - at < LengthBytes) return false;
            var length = BinaryPrimitives.ReadUInt16LittleEndian(body[at..]);
            at += LengthBytes;
            if (body.Length - at < length) return false;
            visitor?.Known(body.Slice(at, length));
            at += length;
        }

        return true;
    }

    static bool TryReadAppends(ReadOnlySpan<byte> body, ref int at, ILostVisitor? visitor)
    {
        for (var left = BinaryPrimitives.ReadUInt32LittleEndian(body[AppendCountAt..]); left > 0; left--)
        {
            if (body.Length - at < AppendIdAt) return false;
            var append = body[at..];
            var length = append[AppendIdLengthAt];
            if (append.Length - AppendIdAt < length) return false;
            visitor?.Append(
                append.Slice(AppendIdAt, length),
                new Position(BinaryPrimitives.ReadInt64LittleEndian(append[AppendFirstAt..])),
                BinaryPrimitives.ReadUInt16LittleEndian(append[AppendFactCountAt..]),
                BinaryPrimitives.ReadInt64LittleEndian(append[AppendRecordedAtAt..]));
            at += AppendIdAt + length;
        }

        return true;
    }

    static uint Trailer(uint seed, uint bodyChecksum, uint headerChecksum, ReadOnlySpan<byte> padding) =>
        FrameFormat.Trailer(Crc32C.Append(seed, bodyChecksum), headerChecksum, padding);

    sealed class Lists : ILostVisitor
    {
        public List<byte[]> Known { get; } = [];

        public List<LostAppend> Appends { get; } = [];

        void ILostVisitor.Known(ReadOnlySpan<byte> header) => Known.Add(header.ToArray());

        void ILostVisitor.Append(ReadOnlySpan<byte> id, Position first, int factCount, long recordedAt) =>
            Appends.Add(new LostAppend(Encoding.UTF8.GetString(id), first, factCount, recordedAt));
    }
}

/// <summary>Receives what is known of lost facts, where it is stored.</summary>
internal interface ILostVisitor
{
    /// <summary>The header of a lost fact; headers come by position.</summary>
    void Known(ReadOnlySpan<byte> header);

    /// <summary>An append with an id that has lost facts; the parameters are those of <see cref="LostAppend"/>.</summary>
    void Append(ReadOnlySpan<byte> id, Position first, int factCount, long recordedAt);
}

/// <summary>Facts that are lost for good: a range of positions, and what is still known of them.</summary>
internal sealed record LostFrame
{
    public required Position First { get; init; }

    public required Position Last { get; init; }

    /// <summary>The offset of the previous frame of lost facts in the segment; 0 for none.</summary>
    public long PreviousLost { get; init; }

    /// <summary>The headers of the facts whose header was readable, by position.</summary>
    public IReadOnlyList<byte[]> Known { get; init; } = [];

    /// <summary>Appends with an id that have lost facts. Each is named once, at the place of its first lost fact.</summary>
    public IReadOnlyList<LostAppend> Appends { get; init; } = [];

    public long Count => Last.Value - First.Value + 1;

    /// <summary>The number of these facts that may have belonged to any stream.</summary>
    public long UnknownCount => Count - Known.Count;
}

/// <summary>An append that has lost facts.</summary>
/// <param name="AppendId">Its id, which stays in use for ever.</param>
/// <param name="First">The position of its first fact.</param>
/// <param name="FactCount">The number of its facts.</param>
/// <param name="RecordedAt">Its RecordedAt; if none of its facts says it, that of the append before.</param>
internal sealed record LostAppend(string AppendId, Position First, int FactCount, long RecordedAt);
