using System.Buffers;
using System.Globalization;
using System.Text;

namespace Factstone;

/// <summary>Writes a query as text, from which <see cref="FactQueryParser"/> reads the same query.</summary>
internal static class FactQueryText
{
    public const string All = "all";
    public const string Store = "store";
    public const string Key = "key";
    public const string Prefix = "prefix";
    public const string Type = "type";
    public const string Tag = "tag";
    public const char BetweenItems = '|';
    public const char BetweenTypes = ',';

    /// <summary>The characters that separate terms.</summary>
    public const string Blanks = " \t\r\n";

    /// <summary>The characters that end a value which is not quoted.</summary>
    public static readonly SearchValues<char> EndsValue = SearchValues.Create(Blanks + "|,\"");

    /// <summary>The characters that end the name of a term.</summary>
    public static readonly SearchValues<char> EndsName = SearchValues.Create(Blanks + "|,\"=");

    public static string Of(FactQuery query)
    {
        var text = new StringBuilder();
        foreach (var item in query.Items)
        {
            if (text.Length > 0) text.Append(' ').Append(BetweenItems).Append(' ');
            if (item is not null) Write(text, item);
        }

        return text.ToString();
    }

    public static string Of(FactQueryItem item)
    {
        var text = new StringBuilder();
        Write(text, item);
        return text.ToString();
    }

    static void Write(StringBuilder text, FactQueryItem item)
    {
        if (item.IsEverything)
        {
            text.Append(All);
            return;
        }

        var start = text.Length;
        if (item.Store is not null) Write(text, start, Store, item.Store);
        if (item.Key is not null) Write(text, start, Key, item.Key);
        if (item.KeyPrefix is not null) Write(text, start, Prefix, item.KeyPrefix);
        if (item.Types.Count > 0) Write(text, start, Type, [.. item.Types]);
        foreach (var tag in item.Tags) Write(text, start, Tag, tag);
    }

    static void Write(StringBuilder text, int start, string term, params ReadOnlySpan<string> values)
    {
        if (text.Length > start) text.Append(' ');
        text.Append(term).Append('=');
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0) text.Append(BetweenTypes);
            WriteValue(text, values[i] ?? "");
        }
    }

    static void WriteValue(StringBuilder text, string value)
    {
        if (value.Length > 0 && !value.Any(NeedsQuotes))
        {
            text.Append(value);
            return;
        }

        text.Append('"');
        foreach (var unit in value)
        {
            if (unit is '"' or '\\') text.Append('\\').Append(unit);
            else if (char.IsControl(unit)) text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            else text.Append(unit);
        }

        text.Append('"');
    }

    // Includes all kinds of blanks and line breaks, so that people can see where a value ends.
    static bool NeedsQuotes(char unit) => EndsValue.Contains(unit) || char.IsWhiteSpace(unit) || char.IsControl(unit);
}
