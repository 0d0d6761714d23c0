using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>Which stream: a store and a key of it. In text <c>orders/42</c>, split at the first <c>/</c>; the key may be empty and may hold further slashes.</summary>
/// <remarks>Checked where it is used, not where it is made: see <see cref="FactLimits"/> for what a store and a key may be.</remarks>
public readonly record struct StreamName
{
    /// <summary>Names a stream.</summary>
    /// <param name="store">The family of streams, such as <c>orders</c>.</param>
    /// <param name="key">Which stream of it, such as <c>42</c>; may be empty.</param>
    public StreamName(string store, string key)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        Store = store;
        Key = key;
    }

    /// <summary>The family of streams.</summary>
    public string Store { get; }

    /// <summary>Which stream of the store.</summary>
    public string Key { get; }

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    public static StreamName Parse(string text) =>
        TryParse(text, out var name)
            ? name
            : throw new FormatException($"'{text}' names no stream: write STORE/KEY, such as 'orders/42'. 'orders/' is the stream with the empty key.");

    /// <summary>Reads <c>store/key</c>, split at the first <c>/</c>; false when there is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StreamName name)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        name = slash < 0 ? default : new StreamName(text![..slash], text[(slash + 1)..]);
        return slash >= 0;
    }

    /// <summary>Lets <c>"orders/42"</c> stand for a stream.</summary>
    public static implicit operator StreamName(string text) => Parse(text);

    /// <summary>A stream from its text; the same as <see cref="Parse"/>.</summary>
    public static StreamName FromString(string text) => Parse(text);

    /// <summary>The text form, <c>store/key</c>.</summary>
    public override string ToString() => $"{Store}/{Key}";
}
