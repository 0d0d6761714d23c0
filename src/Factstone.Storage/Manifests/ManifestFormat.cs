using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The manifest on disk: header, one entry per segment, additions, checksum. See docs/format.md, "Manifest".</summary>
internal static class ManifestFormat
{
    /// <summary>"FACTMANI" in ASCII, read as a little-endian number.</summary>
    const ulong Magic = 0x494E414D54434146;

    const int MagicAt = 0;
    const int FormatAt = MagicAt + sizeof(ulong);
    const int CountAt = FormatAt + sizeof(uint);
    const int LedgerIdAt = CountAt + sizeof(uint);
    const int GenerationAt = LedgerIdAt + 16;
    const int EpochAt = GenerationAt + sizeof(ulong);
    const int AdditionCountAt = EpochAt + sizeof(uint);
    const int EntriesAt = AdditionCountAt + sizeof(uint);

    const int SequenceAt = 0;
    const int BasePositionAt = SequenceAt + sizeof(ulong);
    const int NonceAt = BasePositionAt + sizeof(ulong);
    const int BaseTimeAt = NonceAt + sizeof(ulong);
    const int GenerationOfSegmentAt = BaseTimeAt + sizeof(long);
    const int PreviousEndAt = GenerationOfSegmentAt + sizeof(uint);
    const int EpochOfSegmentAt = PreviousEndAt + sizeof(uint);
    const int FormatOfSegmentAt = EpochOfSegmentAt + sizeof(uint);
    const int EntryBytes = FormatOfSegmentAt + sizeof(uint);

    const int EntryAt = 0;
    const int FirstGenerationAt = EntryAt + sizeof(uint);
    const int LiveEndAt = FirstGenerationAt + sizeof(uint);
    const int RepairEpochAt = LiveEndAt + sizeof(uint);
    const int LastLostAt = RepairEpochAt + sizeof(uint);
    const int ReservedOfAdditionAt = LastLostAt + sizeof(uint);
    const int LastCommonPositionAt = ReservedOfAdditionAt + sizeof(uint);
    const int AdditionBytes = LastCommonPositionAt + sizeof(ulong);

    /// <summary>A bound lets a reader refuse a garbage count before it allocates anything.</summary>
    const int SegmentsMax = 1_000_000;

    public static byte[] Write(Manifest manifest)
    {
        // No newer than its segments require, so that a version that knows all of them also knows the manifest.
        var format = manifest.Segments.Max(segment => segment.Format);
        var additions = manifest.Segments.Count(HasAddition);
        var bytes = new byte[EntriesAt + (manifest.Segments.Count * EntryBytes) + (additions * AdditionBytes) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(MagicAt), Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FormatAt), (uint)format);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(CountAt), (uint)manifest.Segments.Count);
        manifest.LedgerId.Value.TryWriteBytes(bytes.AsSpan(LedgerIdAt), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(GenerationAt), manifest.Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(EpochAt), (uint)manifest.Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(AdditionCountAt), (uint)additions);

        var at = EntriesAt;
        foreach (var segment in manifest.Segments)
        {
            var entry = bytes.AsSpan(at, EntryBytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry[SequenceAt..], segment.Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(entry[BasePositionAt..], segment.BasePosition.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[NonceAt..], segment.Nonce);
            BinaryPrimitives.WriteInt64LittleEndian(entry[BaseTimeAt..], segment.BaseTime);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[GenerationOfSegmentAt..], (uint)segment.Generation);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[PreviousEndAt..], (uint)segment.PreviousEnd);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[EpochOfSegmentAt..], (uint)segment.Epoch);
            if (format > LedgerLayout.FirstFormat) BinaryPrimitives.WriteUInt32LittleEndian(entry[FormatOfSegmentAt..], (uint)segment.Format);
            at += EntryBytes;
        }

        for (var i = 0; i < manifest.Segments.Count; i++)
        {
            if (!HasAddition(manifest.Segments[i])) continue;
            WriteAddition(bytes.AsSpan(at, AdditionBytes), i, manifest.Segments[i]);
            at += AdditionBytes;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), Crc32C.Of(bytes.AsSpan(0, at)));
        return bytes;
    }

    /// <summary>Reads a manifest; null if the bytes are not a manifest. Never throws on bad bytes.</summary>
    public static Manifest? Read(ReadOnlySpan<byte> source, out int newerFormat)
    {
        newerFormat = 0;
        if (source.Length < EntriesAt + sizeof(uint) || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[^sizeof(uint)..]) != Crc32C.Of(source[..^sizeof(uint)])) return null;

        var format = BinaryPrimitives.ReadInt32LittleEndian(source[FormatAt..]);
        if (!LedgerLayout.Reads(format))
        {
            newerFormat = format;
            return null;
        }

        var count = BinaryPrimitives.ReadUInt32LittleEndian(source[CountAt..]);
        var additions = BinaryPrimitives.ReadUInt32LittleEndian(source[AdditionCountAt..]);
        if (count is 0 or > SegmentsMax || additions > count || source.Length != EntriesAt + (count * EntryBytes) + (additions * AdditionBytes) + sizeof(uint)) return null;

        var ledgerId = new LedgerId(new Guid(source.Slice(LedgerIdAt, 16), bigEndian: true));
        var segments = new SegmentHeader[count];
        for (var i = 0; i < segments.Length; i++)
        {
            var entry = source.Slice(EntriesAt + (i * EntryBytes), EntryBytes);
            segments[i] = new SegmentHeader
            {
                Format = format == LedgerLayout.FirstFormat ? format : BinaryPrimitives.ReadInt32LittleEndian(entry[FormatOfSegmentAt..]),
                LedgerId = ledgerId,
                Epoch = BinaryPrimitives.ReadUInt32LittleEndian(entry[EpochOfSegmentAt..]),
                Sequence = BinaryPrimitives.ReadInt64LittleEndian(entry[SequenceAt..]),
                BasePosition = new Position(BinaryPrimitives.ReadInt64LittleEndian(entry[BasePositionAt..])),
                Generation = BinaryPrimitives.ReadInt32LittleEndian(entry[GenerationOfSegmentAt..]),
                Nonce = BinaryPrimitives.ReadUInt64LittleEndian(entry[NonceAt..]),
                BaseTime = BinaryPrimitives.ReadInt64LittleEndian(entry[BaseTimeAt..]),
                PreviousBase = Position.None,
                PreviousGeneration = 0,
                PreviousEnd = BinaryPrimitives.ReadUInt32LittleEndian(entry[PreviousEndAt..]),
            };
        }

        for (var i = 0; i < additions; i++)
            if (!TryReadAddition(source.Slice(EntriesAt + ((int)count * EntryBytes) + (i * AdditionBytes), AdditionBytes), segments)) return null;

        for (var i = 1; i < segments.Length; i++)
            segments[i] = segments[i] with { PreviousBase = segments[i - 1].BasePosition, PreviousGeneration = segments[i - 1].LinkGeneration };

        return new Manifest
        {
            LedgerId = ledgerId,
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(source[EpochAt..]),
            Generation = BinaryPrimitives.ReadInt64LittleEndian(source[GenerationAt..]),
            Segments = segments,
        };
    }

    /// <summary>Whether a segment has fields that only a repair, or an epoch after the first, sets.</summary>
    static bool HasAddition(SegmentHeader segment) => segment.FirstGeneration > 0 || segment.LiveEnd > 0 || segment.RepairEpoch > 0 || segment.LastLost > 0 || segment.LastCommonPosition > Position.None;

    static void WriteAddition(Span<byte> addition, int entry, SegmentHeader segment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(addition[EntryAt..], (uint)entry);
        BinaryPrimitives.WriteUInt32LittleEndian(addition[FirstGenerationAt..], (uint)segment.FirstGeneration);
        BinaryPrimitives.WriteUInt32LittleEndian(addition[LiveEndAt..], (uint)segment.LiveEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(addition[RepairEpochAt..], (uint)segment.RepairEpoch);
        BinaryPrimitives.WriteUInt32LittleEndian(addition[LastLostAt..], (uint)segment.LastLost);
        BinaryPrimitives.WriteInt64LittleEndian(addition[LastCommonPositionAt..], segment.LastCommonPosition.Value);
    }

    static bool TryReadAddition(ReadOnlySpan<byte> addition, SegmentHeader[] segments)
    {
        var entry = BinaryPrimitives.ReadUInt32LittleEndian(addition[EntryAt..]);
        if (entry >= segments.Length) return false;
        segments[entry] = segments[entry] with
        {
            FirstGeneration = BinaryPrimitives.ReadInt32LittleEndian(addition[FirstGenerationAt..]),
            LiveEnd = BinaryPrimitives.ReadUInt32LittleEndian(addition[LiveEndAt..]),
            RepairEpoch = BinaryPrimitives.ReadUInt32LittleEndian(addition[RepairEpochAt..]),
            LastLost = BinaryPrimitives.ReadUInt32LittleEndian(addition[LastLostAt..]),
            LastCommonPosition = new Position(BinaryPrimitives.ReadInt64LittleEndian(addition[LastCommonPositionAt..])),
        };
        return true;
    }
}
