using System.Buffers.Binary;

namespace Factstone;

/// <summary>The id of a fact, computed from its other fields: a UUIDv7 (RFC 9562 §5.7) that contains the position.</summary>
/// <remarks>
/// 48 bits Unix milliseconds · 4 bits version 7 · 12 bits microseconds within the millisecond · 2 bits variant ·
/// 42 bits position · 20 bits ledger tag.
/// </remarks>
internal static class FactId
{
    const int PositionBits = 42;
    const int TagBits = 20;

    public static Guid Create(long recordedAt, Position position, uint ledgerTag)
    {
        // Rounded toward the past, so that a clock before 1970 cannot change the version bits.
        var microseconds = ((recordedAt % 1_000) + 1_000) % 1_000;
        var milliseconds = (recordedAt - microseconds) / 1_000;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)milliseconds << 16) | (0x7UL << 12) | (ulong)microseconds);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (0b10UL << 62) | ((ulong)position.Value << TagBits) | (ledgerTag >> (32 - TagBits)));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The position in an id of this ledger; false for an id of another form or of another ledger.</summary>
    public static bool TryGetPosition(Guid id, uint ledgerTag, out Position position)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        position = new Position((long)((low >> TagBits) & ((1UL << PositionBits) - 1)));
        return ((high >> 12) & 0xF) == 7 && low >> 62 == 0b10 && (low & ((1UL << TagBits) - 1)) == ledgerTag >> (32 - TagBits) && position > Position.None;
    }
}
