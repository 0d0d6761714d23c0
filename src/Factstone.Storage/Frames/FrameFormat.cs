using System.Buffers.Binary;
using System.Text;

namespace Factstone.Storage;

/// <summary>One batch on disk: header, facts, cells, padding, trailer. See docs/format.md, "Frame".</summary>
internal static class FrameFormat
{
    public const ushort Magic = 0xFAC7;

    const int MagicAt = 0;
    const int KindAt = MagicAt + sizeof(ushort);
    const int AppendIdLengthAt = KindAt + sizeof(byte);
    const int FrameBytesAt = AppendIdLengthAt + sizeof(byte);
    const int LedgerTagAt = FrameBytesAt + sizeof(uint);
    const int FactCountAt = LedgerTagAt + sizeof(uint);
    const int CellCountAt = FactCountAt + sizeof(ushort);
    const int FileOffsetAt = CellCountAt + sizeof(ushort);
    const int GroupStartAt = FileOffsetAt + sizeof(uint);
    const int BasePositionAt = GroupStartAt + sizeof(uint);
    public const int FixedBytes = BasePositionAt + sizeof(ulong);

    /// <summary>Every frame begins and ends at a multiple of this, so that a scan after damage finds the next one.</summary>
    public const int Alignment = 8;

    public const int TrailerBytes = sizeof(uint);

    /// <summary>A bound lets a reader refuse a garbage length before it allocates anything.</summary>
    public const int FrameBytesMax = FactLimits.AppendBytesMax;

    /// <summary>A frame without append id and facts: its time, checksum and trailer.</summary>
    public const int EmptyFrameBytes = (FixedBytes + sizeof(long) + sizeof(uint) + TrailerBytes + Alignment - 1) / Alignment * Alignment;

    public static int HeaderBytes(int appendIdLength, int factCount) =>
        FixedBytes + appendIdLength + (factCount == 0 ? sizeof(long) : 0) + sizeof(uint);

    /// <summary>Writes the header and returns its checksum.</summary>
    public static uint WriteHeader(Span<byte> target, in FrameHeader header, ReadOnlySpan<byte> appendId, uint seed)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target[MagicAt..], Magic);
        target[KindAt] = (byte)header.Kind;
        target[AppendIdLengthAt] = (byte)appendId.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(target[FrameBytesAt..], (uint)header.FrameBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LedgerTagAt..], header.LedgerTag);
        BinaryPrimitives.WriteUInt16LittleEndian(target[FactCountAt..], (ushort)header.FactCount);
        BinaryPrimitives.WriteUInt16LittleEndian(target[CellCountAt..], (ushort)header.CellCount);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FileOffsetAt..], (uint)header.FileOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GroupStartAt..], (uint)header.GroupStart);
        BinaryPrimitives.WriteUInt64LittleEndian(target[BasePositionAt..], (ulong)header.BasePosition.Value);
        appendId.CopyTo(target[FixedBytes..]);
        var at = FixedBytes + appendId.Length;
        if (header.FactCount == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target[at..], header.Time);
            at += sizeof(long);
        }

        var checksum = Crc32C.Of(seed, target[..at]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[at..], checksum);
        return checksum;
    }

    /// <summary>Reads a header that was written for this offset of this segment. Never throws on bad bytes.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> source, long fileOffset, uint ledgerTag, uint seed, out FrameHeader header)
    {
        header = default;
        if (source.Length < FixedBytes || BinaryPrimitives.ReadUInt16LittleEndian(source) != Magic) return false;

        var appendIdLength = (int)source[AppendIdLengthAt];
        var factCount = (int)BinaryPrimitives.ReadUInt16LittleEndian(source[FactCountAt..]);
        var headerBytes = HeaderBytes(appendIdLength, factCount);
        var frameBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[FrameBytesAt..]);
        if (appendIdLength > FactLimits.AppendIdBytesMax || frameBytes > FrameBytesMax || frameBytes % Alignment != 0
            || frameBytes < headerBytes + TrailerBytes || source.Length < headerBytes) return false;

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(source[(headerBytes - sizeof(uint))..]);
        var basePosition = BinaryPrimitives.ReadUInt64LittleEndian(source[BasePositionAt..]);
        if (checksum != Crc32C.Of(seed, source[..(headerBytes - sizeof(uint))])
            || BinaryPrimitives.ReadUInt32LittleEndian(source[LedgerTagAt..]) != ledgerTag
            || BinaryPrimitives.ReadUInt32LittleEndian(source[FileOffsetAt..]) != (ulong)fileOffset
            || basePosition is 0 or > (ulong)Position.MaxValue
            || source[KindAt] is < (byte)FrameKind.Batch or > (byte)FrameKind.Lost) return false;

        header = new FrameHeader
        {
            Kind = (FrameKind)source[KindAt],
            FrameBytes = (int)frameBytes,
            HeaderBytes = headerBytes,
            AppendIdLength = appendIdLength,
            LedgerTag = ledgerTag,
            FactCount = factCount,
            CellCount = BinaryPrimitives.ReadUInt16LittleEndian(source[CellCountAt..]),
            FileOffset = fileOffset,
            GroupStart = BinaryPrimitives.ReadUInt32LittleEndian(source[GroupStartAt..]),
            BasePosition = new Position((long)basePosition),
            Time = factCount == 0 ? BinaryPrimitives.ReadInt64LittleEndian(source[(headerBytes - sizeof(uint) - sizeof(long))..]) : 0,
            Checksum = checksum,
        };
        return true;
    }

    public static string? AppendId(ReadOnlySpan<byte> frame, in FrameHeader header) =>
        header.AppendIdLength == 0 ? null : Encoding.UTF8.GetString(frame.Slice(FixedBytes, header.AppendIdLength));

    /// <summary>The checksum over all checksums (those of facts and cells first, then the header's) and the padding. It alone says whether the batch is whole.</summary>
    public static uint Trailer(uint stateOverParts, uint headerChecksum, ReadOnlySpan<byte> padding) =>
        ~Crc32C.Append(Crc32C.Append(stateOverParts, headerChecksum), padding);

    public static int Padded(int bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}

/// <summary>The header of a frame that was read, or will be written.</summary>
internal readonly struct FrameHeader
{
    public FrameKind Kind { get; init; }

    /// <summary>The length of the whole frame, trailer included.</summary>
    public int FrameBytes { get; init; }

    /// <summary>The length up to the first fact, checksum included.</summary>
    public int HeaderBytes { get; init; }

    public int AppendIdLength { get; init; }

    public uint LedgerTag { get; init; }

    public int FactCount { get; init; }

    public int CellCount { get; init; }

    /// <summary>The offset that the frame states.</summary>
    public long FileOffset { get; init; }

    /// <summary>The offset at which the write of its group began; everything below was durable by then.</summary>
    public long GroupStart { get; init; }

    /// <summary>The position of the first fact; without facts, the next position to be assigned.</summary>
    public Position BasePosition { get; init; }

    /// <summary>In a frame without facts: its RecordedAt, or in a mark that of the last append before it.</summary>
    public long Time { get; init; }

    public uint Checksum { get; init; }

    public long End => FileOffset + FrameBytes;
}
