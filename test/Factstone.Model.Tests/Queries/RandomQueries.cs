using System.Globalization;

namespace Factstone;

/// <summary>Valid queries drawn from a seed. Their names contain everything that is difficult in the text form.</summary>
sealed class RandomQueries(int seed)
{
    static readonly string[] Pieces =
        ["a", "orders", "42", "=", "|", ",", "\"", "\\", " ", "  ", "/", "all", "tag=", "\\u0041", "é", "\u00a0", "\u2028", "\u3000", "😂", "$", "'", "{", "]", "-", "\ufeff", "\uffff"];

    readonly Random _random = new(seed);

    public FactQuery Query() => _random.Next(20) == 0 ? FactQuery.All : [.. Several(1, 4, Item)];

    FactQueryItem Item()
    {
        while (true)
        {
            var store = Maybe(Store);
            var hasKey = store is not null && _random.Next(3) == 0;
            var hasPrefix = store is not null && !hasKey && _random.Next(3) == 0;
            var item = new FactQueryItem
            {
                Store = store,
                Key = hasKey ? Text(0) : null,
                KeyPrefix = hasPrefix ? Text(0) : null,
                Types = _random.Next(2) == 0 ? [] : Several(1, 3, () => Text(1)),
                Tags = _random.Next(2) == 0 ? [] : Several(1, 3, () => Text(1)),
            };
            if (!item.IsEmpty) return item;
        }
    }

    string Store() => "s" + Text(0).Replace("/", "", StringComparison.Ordinal);

    string? Maybe(Func<string> draw) => _random.Next(3) == 0 ? null : draw();

    /// <summary>A text of a few pieces at most, without control characters, which no name may have.</summary>
    string Text(int piecesMin) => string.Concat(Several(piecesMin, 4, () => Pieces[_random.Next(Pieces.Length)]));

    T[] Several<T>(int min, int max, Func<T> draw) => [.. Enumerable.Range(0, _random.Next(min, max + 1)).Select(_ => draw())];

    /// <summary>Drops or doubles a few characters of the text, or replaces them by syntax of the query language.</summary>
    public string Mutate(string text)
    {
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            var at = _random.Next(text.Length + 1);
            var length = _random.Next(0, Math.Min(3, text.Length - at) + 1);
            var put = _random.Next(3) == 0 ? "" : "=|,\"\\ \tat\ud83d\0"[_random.Next(11)].ToString(CultureInfo.InvariantCulture);
            text = text[..at] + put + text[(at + length)..];
        }

        return text;
    }
}
