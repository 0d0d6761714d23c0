using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>The header fields that most readers use, and the offsets of the rest; reused for one fact after the other.</summary>
/// <remarks>
/// Most headers have only position, version, time, store, key and perhaps a type, in this order. Those are read here.
/// A header with any other field, or with any error, is read as a <see cref="HeaderView"/>, which alone decides whether
/// bytes are a header.
/// </remarks>
internal sealed class HeaderMarks
{
    const int PositionTag = ((int)HeaderField.Position << 2) | (int)HeaderValue.Integer;
    const int VersionTag = ((int)HeaderField.StreamVersion << 2) | (int)HeaderValue.Integer;
    const int TimeTag = ((int)HeaderField.RecordedAt << 2) | (int)HeaderValue.Integer;
    const int StoreTag = ((int)HeaderField.Store << 2) | (int)HeaderValue.Bytes;
    const int KeyTag = ((int)HeaderField.Key << 2) | (int)HeaderValue.Bytes;
    const int TypeTag = ((int)HeaderField.Type << 2) | (int)HeaderValue.Bytes;

    int _storeAt, _storeLength, _keyAt, _keyLength, _typeAt, _typeLength;

    public int Length { get; private set; }
    public Position Position { get; private set; }
    public StreamVersion StreamVersion { get; private set; }
    public long RecordedAt { get; private set; }
    public bool Retracts { get; private set; }
    public bool IsJson { get; private set; }

    /// <summary>Whether the header has further fields.</summary>
    public bool HasMore { get; private set; }

    public ReadOnlySpan<byte> Store(ReadOnlySpan<byte> header) => header.Slice(_storeAt, _storeLength);
    public ReadOnlySpan<byte> Key(ReadOnlySpan<byte> header) => header.Slice(_keyAt, _keyLength);
    public ReadOnlySpan<byte> Type(ReadOnlySpan<byte> header) => header.Slice(_typeAt, _typeLength);

    /// <summary>Reads a header; false if the bytes are not a header. Never throws on bad bytes.</summary>
    public bool TryRead(ReadOnlySpan<byte> bytes)
    {
        Length = bytes.Length;
        return TryReadCommon(bytes) || TryReadAny(bytes);
    }

    bool TryReadCommon(ReadOnlySpan<byte> bytes)
    {
        // Three numbers of up to nine bytes with their tags, then texts. As long as eight bytes can be read at once, no read runs past the end.
        if (bytes.Length < 2 + sizeof(ulong) || bytes[0] != HeaderWriter.Version || bytes[1] != PositionTag) return false;
        var at = 2;
        var position = Integer(bytes, ref at);
        if (position is 0 or > (ulong)Factstone.Position.MaxValue || bytes.Length - at < 1 + sizeof(ulong) || bytes[at++] != VersionTag) return false;
        var version = Integer(bytes, ref at);
        if (version is 0 or > (ulong)Factstone.Position.MaxValue || bytes.Length - at < 1 + sizeof(ulong) || bytes[at++] != TimeTag) return false;
        var time = Leb128.UnZigZag(Integer(bytes, ref at));
        if (!Microseconds.IsInRange(time)) return false;

        if (!TryText(bytes, StoreTag, ref at, out _storeAt, out _storeLength) || _storeLength == 0) return false;
        if (!TryText(bytes, KeyTag, ref at, out _keyAt, out _keyLength)) return false;
        (_typeAt, _typeLength) = (0, 0);
        if (at < bytes.Length && (!TryText(bytes, TypeTag, ref at, out _typeAt, out _typeLength) || at < bytes.Length)) return false;

        Position = new Position((long)position);
        StreamVersion = new StreamVersion((long)version);
        RecordedAt = time;
        (Retracts, IsJson, HasMore) = (false, true, false);
        return true;
    }

    bool TryReadAny(ReadOnlySpan<byte> bytes)
    {
        if (!HeaderView.TryRead(bytes, out var header)) return false;
        (_storeAt, _storeLength) = LocationOf(header.Store, bytes);
        (_keyAt, _keyLength) = LocationOf(header.Key, bytes);
        (_typeAt, _typeLength) = LocationOf(header.TypeBytes, bytes);
        Position = header.Position;
        StreamVersion = header.StreamVersion;
        RecordedAt = header.RecordedAt;
        Retracts = header.Retracts;
        IsJson = header.IsJson;
        HasMore = true;
        return true;
    }

    static (int At, int Length) LocationOf(ReadOnlySpan<byte> field, ReadOnlySpan<byte> bytes) => bytes.Overlaps(field, out var at) ? (at, field.Length) : (0, 0);

    /// <summary>A number of up to eight bytes, of which eight can be read. A longer or not minimal number gives more than any field allows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Integer(ReadOnlySpan<byte> bytes, ref int at)
    {
        var octets = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        var ends = ~octets & 0x8080_8080_8080_8080;
        if (ends == 0) return ulong.MaxValue;

        // All bytes up to the first one without its top bit: seven bits of each, moved together.
        var length = (BitOperations.TrailingZeroCount(ends) + 1) / 8;
        octets &= (ends ^ (ends - 1)) & 0x7F7F_7F7F_7F7F_7F7F;
        octets = (octets & 0x007F_007F_007F_007F) | ((octets & 0x7F00_7F00_7F00_7F00) >> 1);
        octets = (octets & 0x0000_3FFF_0000_3FFF) | ((octets & 0x3FFF_0000_3FFF_0000) >> 2);
        var value = (octets & 0x0FFF_FFFF) | ((octets & 0x0FFF_FFFF_0000_0000) >> 4);
        at += length;
        return length > 1 && value >> (7 * (length - 1)) == 0 ? ulong.MaxValue : value;
    }

    /// <summary>A text of less than 128 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryText(ReadOnlySpan<byte> bytes, int tag, ref int at, out int start, out int length)
    {
        (start, length) = (0, 0);
        if (bytes.Length - at < 2 || bytes[at] != tag) return false;
        (start, length) = (at + 2, bytes[at + 1]);
        at = start + length;
        return length < 0x80 && at <= bytes.Length;
    }
}
