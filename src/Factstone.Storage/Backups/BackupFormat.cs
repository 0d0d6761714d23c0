using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The file <c>BACKUP</c> on disk. See docs/format.md, "Backup".</summary>
internal static class BackupFormat
{
    /// <summary>"FACTBACK" in ASCII, read as a little-endian number.</summary>
    const ulong Magic = 0x4B43414254434146;

    /// <summary>The one format that this version writes and reads.</summary>
    public const int Format = 1;

    const int MagicAt = 0;
    const int FormatAt = MagicAt + sizeof(ulong);
    const int ManifestBytesAt = FormatAt + sizeof(uint);
    const int MadeAtAt = ManifestBytesAt + sizeof(uint);
    const int PositionAt = MadeAtAt + sizeof(long);
    const int TimeAt = PositionAt + sizeof(ulong);
    const int SegmentBaseAt = TimeAt + sizeof(long);
    const int FileOffsetAt = SegmentBaseAt + sizeof(ulong);
    const int SegmentGenerationAt = FileOffsetAt + sizeof(ulong);
    const int ReservedAt = SegmentGenerationAt + sizeof(uint);
    const int ManifestAt = ReservedAt + sizeof(uint);

    public static byte[] Write(BackupContent content)
    {
        var manifest = ManifestFormat.Write(content.Manifest);
        var end = content.End;
        var bytes = new byte[ManifestAt + manifest.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(MagicAt), Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FormatAt), Format);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ManifestBytesAt), (uint)manifest.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(MadeAtAt), content.MadeAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(PositionAt), end.Position.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(TimeAt), end.RecordedAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(SegmentBaseAt), end.SegmentBase.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(FileOffsetAt), end.FileOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SegmentGenerationAt), (uint)end.SegmentGeneration);
        manifest.CopyTo(bytes, ManifestAt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), Crc32C.Of(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        return bytes;
    }

    /// <summary>Reads the file; null if the bytes are not such a file. Never throws on bad bytes.</summary>
    /// <param name="source">The file.</param>
    /// <param name="newerFormat">The format, if a newer version wrote it; otherwise 0.</param>
    public static BackupContent? Read(ReadOnlySpan<byte> source, out int newerFormat)
    {
        newerFormat = 0;
        if (source.Length < ManifestAt + sizeof(uint) || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[^sizeof(uint)..]) != Crc32C.Of(source[..^sizeof(uint)])) return null;

        var format = BinaryPrimitives.ReadInt32LittleEndian(source[FormatAt..]);
        if (format != Format)
        {
            newerFormat = format;
            return null;
        }

        var manifestBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[ManifestBytesAt..]);
        if (manifestBytes != source.Length - ManifestAt - sizeof(uint)) return null;
        if (ManifestFormat.Read(source.Slice(ManifestAt, (int)manifestBytes), out newerFormat) is not { } manifest) return null;

        var end = new HeadSlot
        {
            Sequence = 1,
            LedgerId = manifest.LedgerId,
            Epoch = manifest.Epoch,
            ManifestGeneration = manifest.Generation,
            Position = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[PositionAt..])),
            RecordedAt = BinaryPrimitives.ReadInt64LittleEndian(source[TimeAt..]),
            SegmentBase = new Position(BinaryPrimitives.ReadInt64LittleEndian(source[SegmentBaseAt..])),
            SegmentGeneration = BinaryPrimitives.ReadInt32LittleEndian(source[SegmentGenerationAt..]),
            FileOffset = BinaryPrimitives.ReadInt64LittleEndian(source[FileOffsetAt..]),
            IsClean = true,
        };
        return end.IsIn(manifest.Last)
            ? new BackupContent { Manifest = manifest, End = end, MadeAt = BinaryPrimitives.ReadInt64LittleEndian(source[MadeAtAt..]) }
            : null;
    }
}
