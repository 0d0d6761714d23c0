using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Factstone;

/// <summary>Up to where somebody has read, of which ledger, and in which epoch of it: so that it is never misread after facts were lost.</summary>
/// <remarks>In text <c>LEDGER/EPOCH@POSITION</c>, such as <c>6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1000</c>.</remarks>
/// <param name="LedgerId">Which ledger.</param>
/// <param name="Epoch">Its epoch when the fact was read, from 1.</param>
/// <param name="Position">The last position that was read; 0 for none.</param>
public readonly record struct LedgerCursor(LedgerId LedgerId, long Epoch, Position Position)
{
    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static LedgerCursor Parse(string text) =>
        TryParse(text, out var cursor) ? cursor : throw new FormatException($"'{text}' is no cursor: write LEDGER/EPOCH@POSITION, as it was given.");

    /// <summary>Reads the text form; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LedgerCursor cursor)
    {
        cursor = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var at = text?.IndexOf('@', StringComparison.Ordinal) ?? -1;
        if (slash < 0 || at < slash
            || !Guid.TryParseExact(text.AsSpan(0, slash), "D", out var id)
            || !TryParseNumber(text.AsSpan(slash + 1, at - slash - 1), uint.MaxValue, out var epoch) || epoch == 0
            || !TryParseNumber(text.AsSpan(at + 1), Position.MaxValue, out var position)) return false;
        cursor = new LedgerCursor(new LedgerId(id), epoch, new Position(position));
        return true;
    }

    /// <summary>The text form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{LedgerId}/{Epoch}@{Position}");

    static bool TryParseNumber(ReadOnlySpan<char> text, long max, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;
}
