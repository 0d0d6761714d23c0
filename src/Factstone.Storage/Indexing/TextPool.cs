using System.Text;

namespace Factstone.Storage;

/// <summary>Keeps one copy of each repeated text, such as a type or tag, while the log is read.</summary>
internal sealed class TextPool
{
    /// <summary>Above this number the pool is cleared: texts that are not repeated are not worth the memory.</summary>
    const int TextsMax = 10_000;

    readonly HashSet<string> _texts = new(StringComparer.Ordinal);

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > FactLimits.TagBytesMax) return Encoding.UTF8.GetString(utf8);
        Span<char> characters = stackalloc char[FactLimits.TagBytesMax];
        var text = characters[..Encoding.UTF8.GetChars(utf8, characters)];
        var known = _texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(text, out var kept)) return kept;
        if (_texts.Count >= TextsMax) _texts.Clear();
        var made = new string(text);
        _texts.Add(made);
        return made;
    }
}
