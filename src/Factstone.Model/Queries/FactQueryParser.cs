using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Factstone;

/// <summary>Reads a query from text. The grammar is in docs/cli.md, "Queries".</summary>
/// <remarks>The returned query has been checked, and is not refused later.</remarks>
internal ref struct FactQueryParser
{
    const string Terms = "A term is store=, key=, prefix=, type= or tag=, such as store=orders type=placed,paid tag=vip.";

    readonly ReadOnlySpan<char> _text;
    int _at;
    string? _error;

    FactQueryParser(ReadOnlySpan<char> text) => _text = text;

    public static bool TryParse(string? text, [NotNullWhen(true)] out FactQuery? query, [NotNullWhen(false)] out string? error)
    {
        var parser = new FactQueryParser(text);
        query = parser.ReadQuery();
        error = query is null ? parser._error! : null;
        return query is not null;
    }

    FactQuery? ReadQuery()
    {
        SkipBlanks();
        if (IsAtEnd) return Fail(_at, $"it is empty. {Terms} 'all' selects everything.");
        if (_text.Trim(FactQueryText.Blanks).SequenceEqual(FactQueryText.All)) return FactQuery.All;

        var items = new List<FactQueryItem>();
        while (true)
        {
            if (items.Count == FactLimits.ItemsPerQueryMax) return Fail(_at, $"it has more than {FactLimits.ItemsPerQueryMax:N0} items, which is the maximum.");
            if (ReadItem() is not { } item) return null;
            items.Add(item);
            if (IsAtEnd) break;
            _at++;
        }

        var query = FactQuery.Create([.. items]);
        return query.Wrong is { } wrong ? Fail(0, wrong) : query;
    }

    /// <summary>Reads an item, up to the next '|' or the end.</summary>
    FactQueryItem? ReadItem()
    {
        SkipBlanks();
        var start = _at;
        string? store = null, key = null, prefix = null;
        var keyAt = 0;
        var types = new List<string>();
        var tags = new List<string>();
        for (; !IsAtItemEnd; SkipBlanks())
        {
            var termAt = _at;
            var isRead = ReadName() switch
            {
                FactQueryText.Store => ReadOnce(termAt, FactQueryText.Store, ref store),
                FactQueryText.Key => ReadOnce(keyAt = termAt, FactQueryText.Key, ref key),
                FactQueryText.Prefix => ReadOnce(keyAt = termAt, FactQueryText.Prefix, ref prefix),
                FactQueryText.Type => ReadTypes(termAt, types),
                FactQueryText.Tag => ReadTag(tags),
                _ => false,
            };
            if (!isRead) return null;
            if (key is not null && prefix is not null) return FailItem(termAt, "'key' and 'prefix' exclude each other in an item; write one of them.");
        }

        if (_at == start) return FailItem(start, $"expected a term of an item, but there is none. {Terms}");
        if (store is null && (key ?? prefix) is not null) return FailItem(keyAt, $"'{(key is null ? "prefix" : "key")}' needs the store in the same item; write store=STORE before it.");
        var item = new FactQueryItem { Store = store, Key = key, KeyPrefix = prefix, Types = types, Tags = tags };
        return FactQueryCheck.Wrong(item) is { } wrong ? FailItem(start, $"this item is refused. {wrong}") : item;
    }

    /// <summary>The name of a term, which a value follows; null if it is not a term.</summary>
    string? ReadName()
    {
        var start = _at;
        var rest = _text[_at..];
        var length = rest.IndexOfAny(FactQueryText.EndsName);
        var word = (length < 0 ? rest : rest[..length]).ToString();
        _at += word.Length;
        var isTerm = word is FactQueryText.Store or FactQueryText.Key or FactQueryText.Prefix or FactQueryText.Type or FactQueryText.Tag;
        if (!isTerm)
        {
            Fail(start, word switch
            {
                FactQueryText.All => "'all' cannot be combined with terms: it selects everything.",
                "" => $"expected a term, but there is '{_text[start]}'. {Terms}",
                _ => $"'{NameCheck.Shown(word)}' is not a term. {Terms}",
            });
            return null;
        }

        if (IsAtEnd || _text[_at] != '=')
        {
            Fail(_at, $"expected '=' and a value right after '{word}'.");
            return null;
        }

        _at++;
        return word;
    }

    bool ReadOnce(int termAt, string term, ref string? value)
    {
        if (value is not null)
        {
            Fail(termAt, $"'{term}' occurs twice in this item. Separate items with '|'.");
            return false;
        }

        value = ReadValue(term);
        return value is not null;
    }

    bool ReadTypes(int termAt, List<string> types)
    {
        // For tags, two terms mean both. For types that would select nothing, or surprise the caller.
        if (types.Count > 0)
        {
            Fail(termAt, "'type' occurs twice in this item. Write type=a,b for any of several.");
            return false;
        }

        while (true)
        {
            if (ReadValue(FactQueryText.Type) is not { } type) return false;
            types.Add(type);
            if (IsAtEnd || _text[_at] != FactQueryText.BetweenTypes) return true;
            _at++;
        }
    }

    bool ReadTag(List<string> tags)
    {
        if (ReadValue(FactQueryText.Tag) is not { } tag) return false;
        tags.Add(tag);
        return true;
    }

    /// <summary>A checked value; null if there is none. A blank, a '|' or the end follows it, or after a type also a ','.</summary>
    string? ReadValue(string term)
    {
        var start = _at;
        if (!IsAtEnd && _text[_at] == '"')
        {
            if (ReadQuoted() is not { } quoted) return null;
            if (!IsAtItemEnd && !IsAfterValue(term)) return FailValue(_at, $"expected a blank, '|' or the end after the quotes, but there is '{_text[_at]}'.");
            return Checked(term, quoted, start);
        }

        var rest = _text[_at..];
        var length = rest.IndexOfAny(FactQueryText.EndsValue);
        if (length < 0) length = rest.Length;
        if (length == 0) return FailValue(start, $"expected a value after '{term}='; write \"\" for an empty one.");
        _at += length;
        if (!IsAtItemEnd && !IsAfterValue(term))
            return FailValue(_at, $"the value contains '{_text[_at]}', so it needs quotes: {term}=\"…\", as a JSON string.{(term == FactQueryText.Tag ? " For two tags write tag=x tag=y." : "")}");
        return Checked(term, rest[..length].ToString(), start);
    }

    string? ReadQuoted()
    {
        var start = _at;
        var end = start + 1;
        while (end < _text.Length && _text[end] != '"') end += _text[end] == '\\' ? 2 : 1;
        if (end >= _text.Length) return FailValue(start, "the quotes that open here are not closed.");

        var quoted = _text[start..(end + 1)];
        if (Utf8Order.ByteCount(quoted) < 0) return FailValue(start, "the value contains half of a surrogate pair, which UTF-8 cannot encode.");
        var bytes = new byte[Encoding.UTF8.GetByteCount(quoted)];
        Encoding.UTF8.GetBytes(quoted, bytes);
        var found = JsonString.FindEnd(bytes, 1, out _);
        if (found < 0)
        {
            var what = JsonString.FaultAt(bytes, ~found) == JsonFault.LoneSurrogate ? "half of a surrogate pair" : "something that a JSON string cannot contain";
            return FailValue(start + Encoding.UTF8.GetCharCount(bytes.AsSpan(0, ~found)), $"there is {what} here.");
        }

        _at = end + 1;
        var value = new byte[bytes.Length];
        return Encoding.UTF8.GetString(value, 0, JsonString.Unescape(bytes.AsSpan()[1..^1], value));
    }

    string? Checked(string term, string value, int start)
    {
        var wrong = term switch
        {
            FactQueryText.Store => FactQueryCheck.Store(value),
            FactQueryText.Key => FactQueryCheck.Key(value),
            FactQueryText.Prefix => FactQueryCheck.KeyPrefix(value),
            FactQueryText.Type => FactQueryCheck.Type(value),
            _ => FactQueryCheck.Tag(value),
        };
        return wrong is null ? value : FailValue(start, $"this value is refused. {wrong}");
    }

    readonly bool IsAtEnd => _at == _text.Length;

    readonly bool IsAtItemEnd => IsAtEnd || _text[_at] == FactQueryText.BetweenItems;

    readonly bool IsAfterValue(string term) => FactQueryText.Blanks.Contains(_text[_at]) || (term == FactQueryText.Type && _text[_at] == FactQueryText.BetweenTypes);

    void SkipBlanks()
    {
        while (!IsAtEnd && FactQueryText.Blanks.Contains(_text[_at])) _at++;
    }

    FactQuery? Fail(int at, string what)
    {
        _error ??= $"The query is wrong at index {at}: {what}";
        return null;
    }

    FactQueryItem? FailItem(int at, string what)
    {
        Fail(at, what);
        return null;
    }

    string? FailValue(int at, string what)
    {
        Fail(at, what);
        return null;
    }
}
