using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The name of a stream: a store and a key. In text <c>orders/42</c>, split at the first <c>/</c>; the key may be empty and may contain further slashes.</summary>
/// <remarks>Checked when it is read from a text by <c>Parse</c> or <c>TryParse</c>, and when it is used; not when it is created. See <see cref="FactLimits"/> for the limits of a store and a key.</remarks>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct StreamName : ISpanParsable<StreamName>
{
    /// <summary>No name is longer: each of its characters takes a byte at least.</summary>
    const int LengthMax = FactLimits.StoreBytesMax + 1 + FactLimits.KeyBytesMax;

    /// <summary>Names a stream.</summary>
    /// <param name="store">The family of streams, such as <c>orders</c>.</param>
    /// <param name="key">The stream within the store, such as <c>42</c>; may be empty.</param>
    public StreamName(string store, string key)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        Store = store;
        Key = key;
    }

    /// <summary>The family of streams.</summary>
    public string Store { get; }

    /// <summary>The stream within the store.</summary>
    public string Key { get; }

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>, and checks it against the limits.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text, or no stream can have this name; the message says why.</exception>
    public static StreamName Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        var name = Split(s);
        return NameCheck.ForReading(name) is { } wrong
            ? throw new FormatException($"'{NameCheck.Shown(s.AsSpan())}' names no stream: {wrong}")
            : name;
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static StreamName Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) => Parse(s.ToString(), provider);

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>; false if there is no <c>/</c>, or no stream can have this name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StreamName name)
    {
        if (text is { Length: <= LengthMax } && TrySplit(text, out name) && NameCheck.ForReading(name) is null) return true;
        name = default;
        return false;
    }

    /// <inheritdoc cref="TryParse(string?, out StreamName)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out StreamName result) => TryParse(s, out result);

    /// <inheritdoc cref="TryParse(string?, out StreamName)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out StreamName result) =>
        TryParse(s.Length <= LengthMax ? s.ToString() : null, out result);

    /// <summary>Splits at the first <c>/</c> without a check against the limits, which comes when the name is used.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    internal static StreamName Split(string text) =>
        TrySplit(text, out var name)
            ? name
            : throw new FormatException($"'{NameCheck.Shown(text.AsSpan())}' names no stream: write STORE/KEY, such as 'orders/42'. 'orders/' is the stream with the empty key.");

    /// <summary>The same as <see cref="Split"/>; false if there is no <c>/</c> in the text.</summary>
    internal static bool TrySplit([NotNullWhen(true)] string? text, out StreamName name)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        name = slash < 0 ? default : new StreamName(text![..slash], text[(slash + 1)..]);
        return slash >= 0;
    }

    /// <summary>Converts a text such as <c>"orders/42"</c> to a stream name. Like the constructor it checks nothing but the <c>/</c>; the limits are checked when the name is used.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    public static implicit operator StreamName(string text) => FromString(text);

    /// <summary>A stream from its text, as by the conversion.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    public static StreamName FromString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Split(text);
    }

    /// <summary>The text form, <c>store/key</c>.</summary>
    public override string ToString() => $"{Store}/{Key}";
}
