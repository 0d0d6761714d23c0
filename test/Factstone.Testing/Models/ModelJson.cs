using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Factstone.Testing;

/// <summary>Whether two JSON texts mean the same. They are parsed and compared, without a canonical form.</summary>
internal static class ModelJson
{
    static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_000 };

    public static bool AreEqual(string? a, string? b) => a is null || b is null ? a == b : AreEqual(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));

    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b)) return true;
        using var left = JsonDocument.Parse(a.ToArray(), Deep);
        using var right = JsonDocument.Parse(b.ToArray(), Deep);
        return AreEqual(left.RootElement, right.RootElement);
    }

    static bool AreEqual(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        return a.ValueKind switch
        {
            JsonValueKind.Object => AreEqualObjects(a, b),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second)),
            JsonValueKind.String => a.GetString() == b.GetString(),
            JsonValueKind.Number => Number(a.GetRawText()) is { } number && number == Number(b.GetRawText()),
            _ => true,
        };
    }

    static bool AreEqualObjects(JsonElement a, JsonElement b)
    {
        var others = b.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
        var count = 0;
        foreach (var property in a.EnumerateObject())
        {
            if (!others.TryGetValue(property.Name, out var other) || !AreEqual(property.Value, other)) return false;
            count++;
        }

        return count == others.Count;
    }

    /// <summary>A text that equal numbers have in common: the digits of an integer, otherwise the double; null for a number beyond every double.</summary>
    static string? Number(string text)
    {
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') < 0) return BigInteger.Parse(text, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        var value = double.Parse(text, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value)) return null;

        // Below 1e21 ECMAScript writes a whole double as digits, so it can equal an integer.
        var isWhole = Math.Abs(value) < 1e21 && value == Math.Truncate(value);
        return isWhole
            ? new BigInteger(decimal.Parse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)
            : "double " + value.ToString("R", CultureInfo.InvariantCulture);
    }
}
