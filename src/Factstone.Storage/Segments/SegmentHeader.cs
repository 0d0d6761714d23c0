using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>What the first bytes of a segment say, and the manifest repeats. See docs/format.md, "Segment".</summary>
internal sealed record SegmentHeader
{
    /// <summary>"FACTSTON" in ASCII, read as a little-endian number.</summary>
    const ulong Magic = 0x4E4F545354434146;

    const int MagicAt = 0;
    const int FormatAt = MagicAt + sizeof(ulong);
    const int HeaderBytesAt = FormatAt + sizeof(uint);
    const int LedgerIdAt = HeaderBytesAt + sizeof(uint);
    const int EpochAt = LedgerIdAt + 16;
    const int GenerationAt = EpochAt + sizeof(uint);
    const int SequenceAt = GenerationAt + sizeof(uint);
    const int BasePositionAt = SequenceAt + sizeof(ulong);
    const int NonceAt = BasePositionAt + sizeof(ulong);
    const int PreviousBaseAt = NonceAt + sizeof(ulong);
    const int PreviousGenerationAt = PreviousBaseAt + sizeof(ulong);
    const int PreviousEndAt = PreviousGenerationAt + sizeof(uint);
    const int BaseTimeAt = PreviousEndAt + sizeof(uint);
    const int LastCommonPositionAt = BaseTimeAt + sizeof(long);
    const int FirstGenerationAt = LastCommonPositionAt + sizeof(ulong);
    const int LiveEndAt = FirstGenerationAt + sizeof(uint);
    const int RepairEpochAt = LiveEndAt + sizeof(uint);
    const int LastLostAt = RepairEpochAt + sizeof(uint);
    const int ReservedAt = LastLostAt + sizeof(uint);
    const int ChecksumAt = 124;

    /// <summary>The first frame begins here.</summary>
    public const int Bytes = ChecksumAt + sizeof(uint);

    /// <summary>What its frames may hold; a segment keeps the format that it was started with.</summary>
    public required int Format { get; init; }

    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Which segment of the ledger, from 1, counting also those that are gone: later means written later.</summary>
    public required long Sequence { get; init; }

    /// <summary>The position of its first fact.</summary>
    public required Position BasePosition { get; init; }

    /// <summary>From 1; raised when a segment with this base position is written anew.</summary>
    public required int Generation { get; init; }

    /// <summary>Random; seeds every checksum in the segment.</summary>
    public required ulong Nonce { get; init; }

    /// <summary>The segment before it; generation 0 for none.</summary>
    public required Position PreviousBase { get; init; }

    public required int PreviousGeneration { get; init; }

    /// <summary>Where the live part of the segment before it ends. What lies behind is old.</summary>
    public required long PreviousEnd { get; init; }

    /// <summary>The last RecordedAt before it.</summary>
    public required long BaseTime { get; init; }

    /// <summary>The last position that its epoch has in common with the one before; none in the first epoch.</summary>
    public Position LastCommonPosition { get; init; }

    /// <summary>In a segment that a repair wrote: the generation that first had its place, which is the one that the segment behind it names; otherwise 0.</summary>
    public int FirstGeneration { get; init; }

    /// <summary>In a segment that a repair wrote: where its live part ends; otherwise 0, and the segment behind it says.</summary>
    public long LiveEnd { get; init; }

    /// <summary>In a segment that a repair wrote: the epoch in which the repair left the ledger; otherwise 0. Until the log has reached that epoch the repair is not done.</summary>
    public long RepairEpoch { get; init; }

    /// <summary>Where its last frame of lost facts is, from which the others are found; 0 for none.</summary>
    public long LastLost { get; init; }

    /// <summary>What the segment behind it calls its generation.</summary>
    public int LinkGeneration => FirstGeneration > 0 ? FirstGeneration : Generation;

    public bool MayHaveCells => Format >= CellFormat.SinceFormat;

    public string Name => LedgerLayout.SegmentName(BasePosition, Generation);

    public void Write(Span<byte> target)
    {
        target[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target[MagicAt..], Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FormatAt..], (uint)Format);
        BinaryPrimitives.WriteUInt32LittleEndian(target[HeaderBytesAt..], Bytes);
        LedgerId.Value.TryWriteBytes(target[LedgerIdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EpochAt..], (uint)Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GenerationAt..], (uint)Generation);
        BinaryPrimitives.WriteInt64LittleEndian(target[SequenceAt..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[BasePositionAt..], BasePosition.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[NonceAt..], Nonce);
        BinaryPrimitives.WriteInt64LittleEndian(target[PreviousBaseAt..], PreviousBase.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[PreviousGenerationAt..], (uint)PreviousGeneration);
        BinaryPrimitives.WriteUInt32LittleEndian(target[PreviousEndAt..], (uint)PreviousEnd);
        BinaryPrimitives.WriteInt64LittleEndian(target[BaseTimeAt..], BaseTime);
        BinaryPrimitives.WriteInt64LittleEndian(target[LastCommonPositionAt..], LastCommonPosition.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FirstGenerationAt..], (uint)FirstGeneration);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LiveEndAt..], (uint)LiveEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(target[RepairEpochAt..], (uint)RepairEpoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LastLostAt..], (uint)LastLost);
        Invariant.Holds(ReservedAt <= ChecksumAt);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumAt..], Crc32C.Of(target[..ChecksumAt]));
    }

    /// <summary>Reads a header; null where the bytes are none. Never throws on bad bytes.</summary>
    /// <param name="source">The beginning of the file.</param>
    /// <param name="newerFormat">The format, when the header is whole but of a format that this version does not know.</param>
    public static SegmentHeader? Read(ReadOnlySpan<byte> source, out int newerFormat)
    {
        newerFormat = 0;
        if (source.Length < Bytes || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]) != Crc32C.Of(source[..ChecksumAt])) return null;

        var format = BinaryPrimitives.ReadInt32LittleEndian(source[FormatAt..]);
        if (!LedgerLayout.Reads(format))
        {
            newerFormat = format;
            return null;
        }

        return new SegmentHeader
        {
            Format = format,
            LedgerId = new LedgerId(new Guid(source.Slice(LedgerIdAt, 16), bigEndian: true)),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(source[EpochAt..]),
            Generation = BinaryPrimitives.ReadInt32LittleEndian(source[GenerationAt..]),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(source[SequenceAt..]),
            BasePosition = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[BasePositionAt..])),
            Nonce = BinaryPrimitives.ReadUInt64LittleEndian(source[NonceAt..]),
            PreviousBase = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[PreviousBaseAt..])),
            PreviousGeneration = BinaryPrimitives.ReadInt32LittleEndian(source[PreviousGenerationAt..]),
            PreviousEnd = BinaryPrimitives.ReadUInt32LittleEndian(source[PreviousEndAt..]),
            BaseTime = BinaryPrimitives.ReadInt64LittleEndian(source[BaseTimeAt..]),
            LastCommonPosition = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[LastCommonPositionAt..])),
            FirstGeneration = BinaryPrimitives.ReadInt32LittleEndian(source[FirstGenerationAt..]),
            LiveEnd = BinaryPrimitives.ReadUInt32LittleEndian(source[LiveEndAt..]),
            RepairEpoch = BinaryPrimitives.ReadUInt32LittleEndian(source[RepairEpochAt..]),
            LastLost = BinaryPrimitives.ReadUInt32LittleEndian(source[LastLostAt..]),
        };
    }
}
