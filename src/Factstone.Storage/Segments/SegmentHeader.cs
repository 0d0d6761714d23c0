using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The header of a segment, which the manifest repeats. See docs/format.md, "Segment".</summary>
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

    /// <summary>The offset of the first frame.</summary>
    public const int Bytes = ChecksumAt + sizeof(uint);

    /// <summary>What its frames may contain; a segment keeps the format in which it was created.</summary>
    public required int Format { get; init; }

    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>The number of the segment in the ledger, from 1, counting removed ones: a higher number was written later.</summary>
    public required long Sequence { get; init; }

    /// <summary>The position of its first fact.</summary>
    public required Position BasePosition { get; init; }

    /// <summary>From 1; higher in each segment that is written again with this base position.</summary>
    public required int Generation { get; init; }

    /// <summary>Random; the seed of every checksum in the segment.</summary>
    public required ulong Nonce { get; init; }

    /// <summary>The segment before it; generation 0 for none.</summary>
    public required Position PreviousBase { get; init; }

    public required int PreviousGeneration { get; init; }

    /// <summary>The end of the live part of the segment before it. Bytes after it are obsolete.</summary>
    public required long PreviousEnd { get; init; }

    /// <summary>The last RecordedAt before it.</summary>
    public required long BaseTime { get; init; }

    /// <summary>The last position that its epoch has in common with the one before; 0 in the first epoch.</summary>
    public Position LastCommonPosition { get; init; }

    /// <summary>In a segment that a repair wrote: the generation of the original segment, which the next segment names; otherwise 0.</summary>
    public int FirstGeneration { get; init; }

    /// <summary>In a segment that a repair wrote: the end of its live part; otherwise 0, and the next segment states it.</summary>
    public long LiveEnd { get; init; }

    /// <summary>In a segment that a repair wrote: the epoch of the ledger after the repair; otherwise 0. The repair has no effect until the log has that epoch.</summary>
    public long RepairEpoch { get; init; }

    /// <summary>The offset of its last frame of lost facts, which leads to the others; 0 for none.</summary>
    public long LastLost { get; init; }

    /// <summary>The generation by which the next segment names this one.</summary>
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

    /// <summary>Reads a header; null if the bytes are not a header. Never throws on bad bytes.</summary>
    /// <param name="source">The beginning of the file.</param>
    /// <param name="newerFormat">The format, if the header is whole but has a format that this version does not know; otherwise 0.</param>
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
