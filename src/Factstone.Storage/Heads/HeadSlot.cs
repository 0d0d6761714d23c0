using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>One of the two slots of <c>HEAD</c>: the durable end of the log. See docs/format.md, "Head".</summary>
internal readonly record struct HeadSlot
{
    /// <summary>"HEAD" in ASCII, read as a little-endian number.</summary>
    const uint Magic = 0x44414548;

    const int MagicAt = 0;
    const int CleanAt = MagicAt + sizeof(uint);
    const int SequenceAt = CleanAt + sizeof(uint);
    const int LedgerIdAt = SequenceAt + sizeof(ulong);
    const int EpochAt = LedgerIdAt + 16;
    const int SegmentGenerationAt = EpochAt + sizeof(uint);
    const int ManifestGenerationAt = SegmentGenerationAt + sizeof(uint);
    const int PositionAt = ManifestGenerationAt + sizeof(ulong);
    const int TimeAt = PositionAt + sizeof(ulong);
    const int SegmentBaseAt = TimeAt + sizeof(long);
    const int FileOffsetAt = SegmentBaseAt + sizeof(ulong);
    const int ChecksumAt = FileOffsetAt + sizeof(ulong);
    public const int Bytes = ChecksumAt + sizeof(uint);

    /// <summary>Raised by each publication; the slot with the higher value is used.</summary>
    public required long Sequence { get; init; }

    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    public required long ManifestGeneration { get; init; }

    /// <summary>The last durable position, and the time of its append.</summary>
    public required Position Position { get; init; }

    public required long RecordedAt { get; init; }

    /// <summary>The segment that contains the durable end, and the offset of that end.</summary>
    public required Position SegmentBase { get; init; }

    public required int SegmentGeneration { get; init; }

    public required long FileOffset { get; init; }

    /// <summary>Whether the writer closed the ledger here and the file ends here.</summary>
    public required bool IsClean { get; init; }

    public bool IsIn(SegmentHeader segment) =>
        LedgerId == segment.LedgerId && SegmentBase == segment.BasePosition && SegmentGeneration == segment.Generation;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[MagicAt..], Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CleanAt..], IsClean ? 1u : 0u);
        BinaryPrimitives.WriteInt64LittleEndian(target[SequenceAt..], Sequence);
        LedgerId.Value.TryWriteBytes(target[LedgerIdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EpochAt..], (uint)Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[SegmentGenerationAt..], (uint)SegmentGeneration);
        BinaryPrimitives.WriteInt64LittleEndian(target[ManifestGenerationAt..], ManifestGeneration);
        BinaryPrimitives.WriteInt64LittleEndian(target[PositionAt..], Position.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[TimeAt..], RecordedAt);
        BinaryPrimitives.WriteInt64LittleEndian(target[SegmentBaseAt..], SegmentBase.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[FileOffsetAt..], FileOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumAt..], Crc32C.Of(target[..ChecksumAt]));
    }

    /// <summary>Reads a slot; null if the bytes are not a slot. Never throws on bad bytes.</summary>
    public static HeadSlot? Read(ReadOnlySpan<byte> source)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[MagicAt..]) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]) != Crc32C.Of(source[..ChecksumAt])) return null;

        return new HeadSlot
        {
            IsClean = BinaryPrimitives.ReadUInt32LittleEndian(source[CleanAt..]) == 1,
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(source[SequenceAt..]),
            LedgerId = new LedgerId(new Guid(source.Slice(LedgerIdAt, 16), bigEndian: true)),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(source[EpochAt..]),
            SegmentGeneration = BinaryPrimitives.ReadInt32LittleEndian(source[SegmentGenerationAt..]),
            ManifestGeneration = BinaryPrimitives.ReadInt64LittleEndian(source[ManifestGenerationAt..]),
            Position = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[PositionAt..])),
            RecordedAt = BinaryPrimitives.ReadInt64LittleEndian(source[TimeAt..]),
            SegmentBase = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[SegmentBaseAt..])),
            FileOffset = BinaryPrimitives.ReadInt64LittleEndian(source[FileOffsetAt..]),
        };
    }
}
