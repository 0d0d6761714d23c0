using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The position up to which facts have been read, with the ledger and the epoch in which they were read. It is refused, never misread, after facts were lost or in another copy of the ledger.</summary>
/// <remarks>
/// In text <c>LEDGER/EPOCH@POSITION.LEAF</c>, such as <c>6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1000.1a2b3c4d</c>; without a leaf
/// <c>LEDGER/EPOCH@POSITION</c>. See docs/format.md, "Cursor".
/// </remarks>
/// <param name="LedgerId">The ledger.</param>
/// <param name="Epoch">Its epoch when the fact was read, from 1.</param>
/// <param name="Position">The last position that was read; 0 for none.</param>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct LedgerCursor(LedgerId LedgerId, long Epoch, Position Position) : ISpanParsable<LedgerCursor>
{
    const int LeafDigits = 8;

    /// <summary>The first 4 bytes of the <see cref="Fact.Leaf"/> of the fact at the position, read as a big-endian number; null if unknown. A cursor with a leaf is compared with the fact that the ledger has at the position.</summary>
    public uint? Leaf { get; init; }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not a cursor.</exception>
    public static LedgerCursor Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static LedgerCursor Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var cursor) ? cursor : throw new FormatException($"'{NameCheck.Shown(s)}' is not a cursor: write LEDGER/EPOCH@POSITION.LEAF, as the ledger gave it.");

    /// <summary>Reads the text form; false if the text is not a cursor.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LedgerCursor cursor) => TryParse(text.AsSpan(), provider: null, out cursor);

    /// <inheritdoc cref="TryParse(string?, out LedgerCursor)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out LedgerCursor result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, out LedgerCursor)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out LedgerCursor result)
    {
        result = default;
        var slash = s.IndexOf('/');
        var at = s.IndexOf('@');
        if (slash < 0 || at < slash
            || !LedgerId.TryParse(s[..slash], provider, out var id)
            || !NumberText.TryParse(s[(slash + 1)..at], uint.MaxValue, out var epoch) || epoch == 0) return false;

        var location = s[(at + 1)..];
        var dot = location.IndexOf('.');
        if (!NumberText.TryParse(dot < 0 ? location : location[..dot], Position.MaxValue, out var position)) return false;
        uint? leaf = null;
        if (dot >= 0)
        {
            // There is no fact at position 0, so there can be no leaf.
            if (position == 0 || !TryParseLeaf(location[(dot + 1)..], out var value)) return false;
            leaf = value;
        }

        result = new LedgerCursor(id, epoch, new Position(position)) { Leaf = leaf };
        return true;
    }

    /// <summary>The text form.</summary>
    public override string ToString() => Leaf is { } leaf
        ? string.Create(CultureInfo.InvariantCulture, $"{LedgerId}/{Epoch}@{Position}.{leaf:x8}")
        : string.Create(CultureInfo.InvariantCulture, $"{LedgerId}/{Epoch}@{Position}");

    /// <summary>The cursor after a fact, the fact included.</summary>
    internal static LedgerCursor Of(LedgerId ledgerId, long epoch, Fact fact) => new(ledgerId, epoch, fact.Position) { Leaf = LeafOf(fact) };

    internal static uint LeafOf(Fact fact) => BinaryPrimitives.ReadUInt32BigEndian(fact.Leaf());

    /// <summary>Each cursor has one text, so only lowercase digits are accepted.</summary>
    static bool TryParseLeaf(ReadOnlySpan<char> text, out uint leaf)
    {
        leaf = 0;
        return text.Length == LeafDigits && !text.ContainsAnyInRange('A', 'F')
            && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out leaf);
    }
}
