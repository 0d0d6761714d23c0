using System.Buffers.Binary;
using System.Text;

namespace Factstone.Storage;

/// <summary>A term as a run orders and finds it: its bytes, and their hash. See docs/format.md, "Terms".</summary>
internal readonly ref struct TermKey
{
    /// <summary>Kind, name, and for streams and cells a zero and the key. No name contains a zero, so all keys of a store are adjacent, in their order.</summary>
    public const int BytesMax = 1 + FactLimits.StoreBytesMax * 2 + 1 + FactLimits.KeyBytesMax;

    /// <summary>Enough for most terms, so that a lookup clears little of the stack.</summary>
    public const int BytesUsual = 128;

    const ulong Multiplier = 0x9E3779B97F4A7C15;

    TermKey(ReadOnlySpan<byte> bytes, ulong hash)
    {
        Bytes = bytes;
        Hash = hash;
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public ulong Hash { get; }

    public static TermKey Of(ReadOnlySpan<byte> bytes) => new(bytes, HashOf(bytes));

    /// <summary>Encodes a term into a buffer. A buffer that is too small is replaced.</summary>
    public static TermKey Encode(in Term term, Span<byte> buffer)
    {
        var size = Size(term);
        if (size > buffer.Length) buffer = new byte[size];
        return Of(buffer[..Write(buffer, term)]);
    }

    public static byte[] Encode(in Term term)
    {
        var bytes = new byte[Size(term)];
        return Write(bytes, term) == bytes.Length ? bytes : throw new InvariantException("a term has one size");
    }

    /// <summary>The prefix of the terms of one kind and name: of all keys of a store, or of all names of a bucket.</summary>
    public static byte[] Prefix(TermKind kind, string name, string keyPrefix) => Encode(new Term(kind, name, keyPrefix));

    public static TermKind Kind(ReadOnlySpan<byte> bytes) => (TermKind)bytes[0];

    /// <summary>The key of a stream, or the name of a cell.</summary>
    public static ReadOnlySpan<byte> Key(ReadOnlySpan<byte> bytes) => bytes[(bytes.IndexOf((byte)0) + 1)..];

    public static bool HasKey(TermKind kind) => kind is TermKind.Stream or TermKind.Cell;

    static int Size(in Term term) => 1 + Encoding.UTF8.GetByteCount(term.Name) + (term.Key is null ? 0 : 1 + Encoding.UTF8.GetByteCount(term.Key));

    static int Write(Span<byte> target, in Term term)
    {
        target[0] = (byte)term.Kind;
        var at = 1 + Encoding.UTF8.GetBytes(term.Name, target[1..]);
        if (term.Key is null) return at;
        target[at++] = 0;
        return at + Encoding.UTF8.GetBytes(term.Key, target[at..]);
    }

    /// <summary>Hashes eight bytes at a time: each eight are folded into a product of twice the width. The hash is part of the format of runs.</summary>
    static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length * Multiplier;
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        var rest = 0UL;
        for (var i = bytes.Length - 1; i >= 0; i--) rest = (rest << 8) | bytes[i];
        return Fold(Fold(hash ^ rest) ^ Multiplier);
    }

    static ulong Fold(ulong value)
    {
        var high = Math.BigMul(value ^ 0xD6E8FEB86659FD93, Multiplier, out ulong low);
        return high ^ low;
    }
}
