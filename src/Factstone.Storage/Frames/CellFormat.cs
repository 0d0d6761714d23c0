using System.Buffers.Binary;
using System.Text;

namespace Factstone.Storage;

/// <summary>One cell inside a frame: lengths, kind, version, time, names, two checksums, value. See docs/format.md, "Cell in a frame".</summary>
internal static class CellFormat
{
    const int NameLengthAt = 0;
    const int BucketLengthAt = NameLengthAt + sizeof(ushort);
    const int KindAt = BucketLengthAt + sizeof(byte);
    const int ValueLengthAt = KindAt + sizeof(byte);
    const int VersionAt = ValueLengthAt + sizeof(uint);
    const int RecordedAtAt = VersionAt + sizeof(ulong);
    public const int FixedBytes = RecordedAtAt + sizeof(long);

    public const int ChecksumBytes = 2 * sizeof(uint);

    /// <summary>A shorter stretch of the log cannot contain a frame with a cell: a header, a cell with a bucket of one byte, and a trailer are larger.</summary>
    public const int FrameBytesMin = FrameFormat.FixedBytes + sizeof(long) + sizeof(uint) + FixedBytes + 1 + ChecksumBytes + FrameFormat.TrailerBytes;

    /// <summary>The first format whose frames may contain cells.</summary>
    public const int SinceFormat = 2;

    /// <summary>Writes one cell and returns its length. Its checksums are also added to the frame's trailer.</summary>
    /// <param name="target">The bytes from the beginning of the cell on.</param>
    /// <param name="cell">The fields to write; it also has the lengths of bucket and value.</param>
    /// <param name="names">Bucket and name, without a gap.</param>
    /// <param name="value">The value; empty for a delete.</param>
    /// <param name="seed">The seed of the segment's checksums.</param>
    /// <param name="trailer">The state of the trailer's checksum.</param>
    public static int Write(Span<byte> target, in CellHead cell, ReadOnlySpan<byte> names, ReadOnlySpan<byte> value, uint seed, ref uint trailer)
    {
        var nameLength = names.Length - cell.BucketLength;
        Invariant.Holds(cell.BucketLength is > 0 and <= FactLimits.BucketBytesMax && nameLength is >= 0 and <= FactLimits.CellNameBytesMax);
        BinaryPrimitives.WriteUInt16LittleEndian(target[NameLengthAt..], (ushort)nameLength);
        target[BucketLengthAt] = (byte)cell.BucketLength;
        target[KindAt] = (byte)(cell.IsDelete ? CellKind.Delete : CellKind.Put);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ValueLengthAt..], (uint)value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(target[VersionAt..], cell.Version.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[RecordedAtAt..], cell.RecordedAt);
        names.CopyTo(target[FixedBytes..]);
        var at = FixedBytes + names.Length;

        var headChecksum = Crc32C.Of(seed, target[..at]);
        var valueChecksum = Crc32C.Of(seed, value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[at..], headChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + sizeof(uint))..], valueChecksum);
        at += ChecksumBytes;
        value.CopyTo(target[at..]);
        trailer = Crc32C.Append(Crc32C.Append(trailer, headChecksum), valueChecksum);
        return at + value.Length;
    }

    /// <summary>Reads the lengths of a cell; false if they are impossible. No checksum is compared yet.</summary>
    public static bool TryReadLengths(ReadOnlySpan<byte> source, out CellExtent extent)
    {
        extent = default;
        if (source.Length < FixedBytes || source[KindAt] is < (byte)CellKind.Put or > (byte)CellKind.Delete) return false;
        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(source[NameLengthAt..]);
        var bucketLength = source[BucketLengthAt];
        var valueLength = BinaryPrimitives.ReadUInt32LittleEndian(source[ValueLengthAt..]);
        if (bucketLength is 0 or > FactLimits.BucketBytesMax || nameLength > FactLimits.CellNameBytesMax || valueLength > FactLimits.CellValueBytesMax) return false;
        extent = new CellExtent(bucketLength, nameLength, (int)valueLength);
        return true;
    }

    /// <summary>Reads and checks one cell at the beginning of <paramref name="source"/>. Never throws on bad bytes.</summary>
    public static CellStatus TryRead(ReadOnlySpan<byte> source, uint seed, out CellExtent extent)
    {
        if (!TryReadLengths(source, out extent) || source.Length < extent.ValueAt) return CellStatus.HeadDamaged;
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[extent.ChecksumsAt..]) != Crc32C.Of(seed, source[..extent.ChecksumsAt])) return CellStatus.HeadDamaged;

        return source.Length >= extent.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(source[(extent.ChecksumsAt + sizeof(uint))..]) == Crc32C.Of(seed, source.Slice(extent.ValueAt, extent.ValueLength))
            ? CellStatus.Whole
            : CellStatus.ValueDamaged;
    }

    /// <summary>Reads the fields before the value, from bytes that were checked.</summary>
    public static CellHead ReadHead(ReadOnlySpan<byte> source, in CellExtent extent) => new()
    {
        BucketLength = extent.BucketLength,
        IsDelete = source[KindAt] == (byte)CellKind.Delete,
        Version = new CellVersion(BinaryPrimitives.ReadInt64LittleEndian(source[VersionAt..])),
        RecordedAt = BinaryPrimitives.ReadInt64LittleEndian(source[RecordedAtAt..]),
    };

    /// <summary>Adds a cell's checksums to those that the frame's trailer covers.</summary>
    public static void AddChecksums(ReadOnlySpan<byte> cell, in CellExtent extent, ref uint trailer)
    {
        trailer = Crc32C.Append(trailer, BinaryPrimitives.ReadUInt32LittleEndian(cell[extent.ChecksumsAt..]));
        trailer = Crc32C.Append(trailer, BinaryPrimitives.ReadUInt32LittleEndian(cell[(extent.ChecksumsAt + sizeof(uint))..]));
    }

    /// <summary>On disk, so the values never change.</summary>
    enum CellKind : byte
    {
        Put = 1,
        Delete = 2,
    }
}

/// <summary>The fields of a cell before its value, without the names.</summary>
internal readonly struct CellHead
{
    public required int BucketLength { get; init; }

    public required bool IsDelete { get; init; }

    public required CellVersion Version { get; init; }

    public required long RecordedAt { get; init; }
}

/// <summary>A cell in a frame, of which everything but the value was checked.</summary>
/// <param name="source">The bytes from the beginning of the cell on.</param>
/// <param name="extent">The offsets of its parts.</param>
internal readonly ref struct CellView(ReadOnlySpan<byte> source, CellExtent extent)
{
    readonly ReadOnlySpan<byte> _source = source;

    public CellExtent Extent { get; } = extent;

    public CellHead Head => CellFormat.ReadHead(_source, Extent);

    /// <summary>Bucket and name, without a gap.</summary>
    public ReadOnlySpan<byte> Names => _source.Slice(CellFormat.FixedBytes, Extent.BucketLength + Extent.NameLength);

    public CellName Name => new(Encoding.UTF8.GetString(Names[..Extent.BucketLength]), Encoding.UTF8.GetString(Names[Extent.BucketLength..]));

    /// <summary>Whether it is this cell. Makes no texts, unless the name is long.</summary>
    public bool Is(CellName cell) => IsText(Names[..Extent.BucketLength], cell.Bucket) && IsText(Names[Extent.BucketLength..], cell.Name);

    /// <summary>The value, which the caller must check.</summary>
    public ReadOnlySpan<byte> Value => _source.Slice(Extent.ValueAt, Extent.ValueLength);

    [System.Runtime.CompilerServices.SkipLocalsInit]
    static bool IsText(ReadOnlySpan<byte> bytes, string text)
    {
        Span<byte> buffer = stackalloc byte[256];
        return Encoding.UTF8.TryGetBytes(text, buffer, out var length) ? bytes.SequenceEqual(buffer[..length]) : Encoding.UTF8.GetString(bytes) == text;
    }
}

/// <summary>The offsets of the parts of a cell, from its first byte.</summary>
internal readonly struct CellExtent(int bucketLength, int nameLength, int valueLength)
{
    public int BucketLength => bucketLength;
    public int NameLength => nameLength;
    public int ChecksumsAt => CellFormat.FixedBytes + bucketLength + nameLength;
    public int ValueAt => ChecksumsAt + CellFormat.ChecksumBytes;
    public int ValueLength => valueLength;
    public int Length => ValueAt + valueLength;
}

/// <summary>The result of comparing the checksums of a cell.</summary>
internal enum CellStatus
{
    Whole = 1,

    /// <summary>The cell is known, but its value differs from what was written.</summary>
    ValueDamaged = 2,

    /// <summary>Not even the cell is known.</summary>
    HeadDamaged = 3,
}
