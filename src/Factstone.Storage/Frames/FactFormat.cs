using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>One fact inside a frame: lengths, header, two checksums, salt, metadata, payload. See docs/format.md, "Fact in a frame".</summary>
internal static class FactFormat
{
    const int HeaderLengthAt = 0;
    const int FlagsAt = HeaderLengthAt + sizeof(ushort);
    const int LengthsAt = FlagsAt + sizeof(byte);

    /// <summary>The low four bits of the flags are the encoding of the body: 1 means unchanged. Bit 4 will mean erased, bit 5 encrypted.</summary>
    public const byte PlainBody = 1;

    /// <summary>Header length, flags and two body lengths of up to four bytes.</summary>
    public const int PrefixBytesMax = LengthsAt + (2 * 4);

    public const int ChecksumBytes = 2 * sizeof(uint);

    /// <summary>Writes one fact and returns its length. Its checksums are also added to the frame's trailer.</summary>
    /// <param name="target">The bytes from the beginning of the fact on.</param>
    /// <param name="writersHeader">The header's first fields, which only the writer knows.</param>
    /// <param name="callersHeader">The fields after them.</param>
    /// <param name="body">Salt, metadata and payload.</param>
    /// <param name="metadataLength">The length of the metadata in the body.</param>
    /// <param name="seed">The seed of the segment's checksums.</param>
    /// <param name="trailer">The state of the trailer's checksum.</param>
    public static int Write(
        Span<byte> target, ReadOnlySpan<byte> writersHeader, ReadOnlySpan<byte> callersHeader, ReadOnlySpan<byte> body, int metadataLength, uint seed, ref uint trailer)
    {
        var headerLength = writersHeader.Length + callersHeader.Length;
        Invariant.Holds(headerLength <= FactLimits.HeaderBytesMax);
        BinaryPrimitives.WriteUInt16LittleEndian(target[HeaderLengthAt..], (ushort)headerLength);
        target[FlagsAt] = PlainBody;
        var at = LengthsAt;
        at += Leb128.Write(target[at..], (ulong)metadataLength);
        at += Leb128.Write(target[at..], (ulong)(body.Length - FactHash.SaltBytes - metadataLength));
        writersHeader.CopyTo(target[at..]);
        callersHeader.CopyTo(target[(at + writersHeader.Length)..]);
        at += headerLength;

        var headerChecksum = Crc32C.Of(seed, target[..at]);
        var bodyChecksum = Crc32C.Of(seed, body);
        BinaryPrimitives.WriteUInt32LittleEndian(target[at..], headerChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + sizeof(uint))..], bodyChecksum);
        at += ChecksumBytes;
        body.CopyTo(target[at..]);
        trailer = Crc32C.Append(Crc32C.Append(trailer, headerChecksum), bodyChecksum);
        return at + body.Length;
    }

    /// <summary>Reads the lengths of a fact; false if they are impossible. No checksum is compared yet.</summary>
    public static bool TryReadLengths(ReadOnlySpan<byte> source, out FactExtent extent)
    {
        extent = default;
        if (source.Length < LengthsAt + 2 || source[FlagsAt] != PlainBody) return false;
        var headerLength = (int)BinaryPrimitives.ReadUInt16LittleEndian(source);
        var at = LengthsAt;
        if (headerLength is 0 or > FactLimits.HeaderBytesMax
            || !Leb128.TryRead(source, ref at, out var metadata) || metadata > FactLimits.MetadataBytesMax
            || !Leb128.TryRead(source, ref at, out var payload) || payload > FrameFormat.FrameBytesMax) return false;

        extent = new FactExtent(at, headerLength, (int)metadata, (int)payload);
        return true;
    }

    /// <summary>Reads and checks one fact at the beginning of <paramref name="source"/>. Never throws on bad bytes.</summary>
    public static FactStatus TryRead(ReadOnlySpan<byte> source, uint seed, out FactExtent extent, out HeaderView header)
    {
        header = default;
        return TryReadLengths(source, out extent) && IsHeaderWhole(source, extent, seed) && HeaderView.TryRead(source.Slice(extent.HeaderAt, extent.HeaderLength), out header)
            ? IsBodyWhole(source, extent, seed) ? FactStatus.Whole : FactStatus.BodyDamaged
            : FactStatus.HeaderDamaged;
    }

    /// <summary>The same for a fact whose lengths were read. <paramref name="header"/> keeps the fields that most callers use.</summary>
    public static FactStatus TryRead(ReadOnlySpan<byte> source, in FactExtent extent, uint seed, HeaderMarks header) =>
        TryReadHeader(source, extent, seed, header)
            ? IsBodyWhole(source, extent, seed) ? FactStatus.Whole : FactStatus.BodyDamaged
            : FactStatus.HeaderDamaged;

    /// <summary>Reads and checks only the header of a fact whose lengths were read; false if it is damaged.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> source, in FactExtent extent, uint seed, HeaderMarks header) =>
        IsHeaderWhole(source, extent, seed) && header.TryRead(source.Slice(extent.HeaderAt, extent.HeaderLength));

    /// <summary>Whether the header's checksum matches all bytes before it.</summary>
    static bool IsHeaderWhole(ReadOnlySpan<byte> source, in FactExtent extent, uint seed)
    {
        var checksumsAt = extent.HeaderAt + extent.HeaderLength;
        return source.Length >= extent.BodyAt && BinaryPrimitives.ReadUInt32LittleEndian(source[checksumsAt..]) == Crc32C.Of(seed, source[..checksumsAt]);
    }

    static bool IsBodyWhole(ReadOnlySpan<byte> source, in FactExtent extent, uint seed) =>
        source.Length >= extent.Length
        && BinaryPrimitives.ReadUInt32LittleEndian(source[(extent.HeaderAt + extent.HeaderLength + sizeof(uint))..]) == Crc32C.Of(seed, source.Slice(extent.BodyAt, extent.BodyLength));

    /// <summary>Adds a fact's checksums to those that the frame's trailer covers.</summary>
    public static void AddChecksums(ReadOnlySpan<byte> fact, in FactExtent extent, ref uint trailer)
    {
        var at = extent.HeaderAt + extent.HeaderLength;
        trailer = Crc32C.Append(trailer, BinaryPrimitives.ReadUInt32LittleEndian(fact[at..]));
        trailer = Crc32C.Append(trailer, BinaryPrimitives.ReadUInt32LittleEndian(fact[(at + sizeof(uint))..]));
    }
}

/// <summary>The offsets of the parts of a fact, from its first byte.</summary>
internal readonly struct FactExtent(int headerAt, int headerLength, int metadataLength, int payloadLength)
{
    public int HeaderAt => headerAt;
    public int HeaderLength => headerLength;
    public int BodyAt => headerAt + headerLength + FactFormat.ChecksumBytes;
    public int BodyLength => FactHash.SaltBytes + metadataLength + payloadLength;
    public int MetadataAt => BodyAt + FactHash.SaltBytes;
    public int MetadataLength => metadataLength;
    public int PayloadAt => MetadataAt + metadataLength;
    public int PayloadLength => payloadLength;
    public int Length => PayloadAt + payloadLength;
}

/// <summary>The result of comparing the checksums of a fact.</summary>
internal enum FactStatus
{
    Whole = 1,

    /// <summary>The fact is known, but salt, metadata or payload differ from what was written.</summary>
    BodyDamaged = 2,

    /// <summary>Not even the fact is known.</summary>
    HeaderDamaged = 3,
}
