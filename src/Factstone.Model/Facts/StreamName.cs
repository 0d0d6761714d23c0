using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>The name of a stream: a store and a key. In text <c>orders/42</c>, split at the first <c>/</c>; the key may be empty and may contain further slashes.</summary>
/// <remarks>Checked when it is used, not when it is created. See <see cref="FactLimits"/> for the limits of a store and a key.</remarks>
public readonly record struct StreamName
{
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

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    public static StreamName Parse(string text) =>
        TryParse(text, out var name)
            ? name
            : throw new FormatException($"'{text}' names no stream: write STORE/KEY, such as 'orders/42'. 'orders/' is the stream with the empty key.");

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>; false if there is no <c>/</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StreamName name)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        name = slash < 0 ? default : new StreamName(text![..slash], text[(slash + 1)..]);
        return slash >= 0;
    }

    /// <summary>Converts a text such as <c>"orders/42"</c> to a stream name.</summary>
    public static implicit operator StreamName(string text) => Parse(text);

    /// <summary>A stream from its text; the same as <see cref="Parse"/>.</summary>
    public static StreamName FromString(string text) => Parse(text);

    /// <summary>The text form, <c>store/key</c>.</summary>
    public override string ToString() => $"{Store}/{Key}";
}
