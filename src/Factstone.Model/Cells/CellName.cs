using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The name of a cell: a bucket and a name in it. In text <c>settings/theme</c>, split at the first <c>/</c>; the name may be empty and may contain further slashes.</summary>
/// <remarks>Checked when it is read from a text, and when it is used; not when it is created. See <see cref="FactLimits"/> for the limits of a bucket and a name.</remarks>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct CellName : ISpanParsable<CellName>
{
    /// <summary>No name is longer: each of its characters takes a byte at least.</summary>
    const int LengthMax = FactLimits.BucketBytesMax + 1 + FactLimits.CellNameBytesMax;

    /// <summary>Names a cell.</summary>
    /// <param name="bucket">The family of cells, such as <c>settings</c>.</param>
    /// <param name="name">The cell within the bucket, such as <c>theme</c>; may be empty.</param>
    public CellName(string bucket, string name)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        ArgumentNullException.ThrowIfNull(name);
        Bucket = bucket;
        Name = name;
    }

    /// <summary>The family of cells.</summary>
    public string Bucket { get; }

    /// <summary>The cell within the bucket.</summary>
    public string Name { get; }

    /// <summary>Reads <c>bucket/name</c>, split at the first <c>/</c>, and checks it against the limits.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text, or no cell can have this name; the message says why.</exception>
    public static CellName Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        var name = Split(s);
        return NameCheck.ForReading(name) is { } wrong
            ? throw new FormatException($"'{NameCheck.Shown(s.AsSpan())}' names no cell: {wrong}")
            : name;
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static CellName Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => Parse(s.ToString(), provider);

    /// <summary>Reads <c>bucket/name</c>, split at the first <c>/</c>; false if there is no <c>/</c>, or no cell can have this name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CellName name)
    {
        if (text is { Length: <= LengthMax } && TrySplit(text, out name) && NameCheck.ForReading(name) is null) return true;
        name = default;
        return false;
    }

    /// <inheritdoc cref="TryParse(string?, out CellName)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out CellName result) => TryParse(s, out result);

    /// <inheritdoc cref="TryParse(string?, out CellName)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out CellName result) =>
        TryParse(s.Length <= LengthMax ? s.ToString() : null, out result);

    /// <summary>Splits at the first <c>/</c> without a check against the limits, which comes when the name is used.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    internal static CellName Split(string text) =>
        TrySplit(text, out var name)
            ? name
            : throw new FormatException($"'{NameCheck.Shown(text.AsSpan())}' names no cell: write BUCKET/NAME, such as 'settings/theme'. 'settings/' is the cell with the empty name.");

    /// <summary>The same as <see cref="Split"/>; false if there is no <c>/</c> in the text.</summary>
    internal static bool TrySplit([NotNullWhen(true)] string? text, out CellName name)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        name = slash < 0 ? default : new CellName(text![..slash], text[(slash + 1)..]);
        return slash >= 0;
    }

    /// <summary>The text form, <c>bucket/name</c>.</summary>
    public override string ToString() => $"{Bucket}/{Name}";
}
