using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Factstone;

/// <summary>Writes one text in its canonical form.</summary>
/// <remarks>
/// The text must have been checked: no faults are detected here, and the recursion is bounded by <see cref="JsonCheck.DepthMax"/> only.
/// The members of an object are written in their given order, and sorted when the object is complete.
/// </remarks>
internal sealed class CanonicalJsonWriter
{
    const int ShownNumberBytesMax = 40;

    /// <summary>Bytes that a string cannot contain without an escape.</summary>
    static readonly SearchValues<byte> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(control => (byte)control), (byte)'"', (byte)'\\']);

    readonly List<byte> _output;
    readonly List<Member> _members = [];

    /// <summary>The names of the members, unescaped; also space for a string while it is written.</summary>
    readonly List<byte> _unescaped = [];

    string? _numberTooLarge;

    CanonicalJsonWriter(int capacity) => _output = new List<byte>(capacity);

    /// <summary>Fails only if a number is too large for a double, and returns its digits, or the first of them.</summary>
    public static bool TryWrite(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? canonical, [NotNullWhen(false)] out string? numberTooLarge)
    {
        var writer = new CanonicalJsonWriter(text.Length);
        writer.WriteValue(text, SkipSpace(text, 0));
        numberTooLarge = writer._numberTooLarge;
        canonical = numberTooLarge is null ? writer._output.ToArray() : null;
        return canonical is not null;
    }

    /// <summary>Writes the value that begins here.</summary>
    /// <returns>Where the next token begins.</returns>
    int WriteValue(ReadOnlySpan<byte> text, int at)
    {
        var end = text[at] switch
        {
            (byte)'{' => WriteObject(text, at),
            (byte)'[' => WriteArray(text, at),
            (byte)'"' => WriteString(text, at),
            (byte)'t' or (byte)'n' => WriteLiteral(text.Slice(at, 4), at),
            (byte)'f' => WriteLiteral(text.Slice(at, 5), at),
            _ => WriteNumber(text, at),
        };
        return SkipSpace(text, end);
    }

    int WriteArray(ReadOnlySpan<byte> text, int at)
    {
        _output.Add((byte)'[');
        at = SkipSpace(text, at + 1);
        while (text[at] != ']')
        {
            at = WriteValue(text, at);
            if (text[at] != ',') continue;
            _output.Add((byte)',');
            at = SkipSpace(text, at + 1);
        }
        _output.Add((byte)']');
        return at + 1;
    }

    int WriteObject(ReadOnlySpan<byte> text, int at)
    {
        var firstMember = _members.Count;
        var namesStart = _unescaped.Count;

        _output.Add((byte)'{');
        var membersStart = _output.Count;
        at = SkipSpace(text, at + 1);
        while (text[at] != '}')
        {
            var start = _output.Count;
            var nameStart = _unescaped.Count;
            at = SkipSpace(text, WriteName(text, at));
            var nameEnd = _unescaped.Count;

            _output.Add((byte)':');
            at = WriteValue(text, SkipSpace(text, at + 1));
            _members.Add(new Member(nameStart, nameEnd - nameStart, start, _output.Count - start));

            if (text[at] != ',') continue;
            _output.Add((byte)',');
            at = SkipSpace(text, at + 1);
        }
        Sort(CollectionsMarshal.AsSpan(_members)[firstMember..], membersStart);
        _output.Add((byte)'}');

        CollectionsMarshal.SetCount(_members, firstMember);
        CollectionsMarshal.SetCount(_unescaped, namesStart);
        return at + 1;
    }

    /// <summary>Sorts the members that were written from <paramref name="start"/> on by their names.</summary>
    void Sort(Span<Member> members, int start)
    {
        var names = CollectionsMarshal.AsSpan(_unescaped);
        var inOrder = true;
        for (var i = 1; i < members.Length && inOrder; i++)
            inOrder = Utf16Order.Compare(members[i - 1].Name(names), members[i].Name(names)) < 0;
        if (inOrder) return;

        members.Sort(new ByName(_unescaped));

        var region = CollectionsMarshal.AsSpan(_output)[start..];
        var unordered = ArrayPool<byte>.Shared.Rent(region.Length);
        region.CopyTo(unordered);
        foreach (var member in members)
        {
            unordered.AsSpan(member.Start - start, member.Length).CopyTo(region);
            if (region.Length == member.Length) break;
            region[member.Length] = (byte)',';
            region = region[(member.Length + 1)..];
        }
        ArrayPool<byte>.Shared.Return(unordered);
    }

    /// <summary>Writes the name that begins here, and keeps its unescaped form after the earlier ones.</summary>
    int WriteName(ReadOnlySpan<byte> text, int at)
    {
        var end = JsonString.FindEnd(text, at + 1, out _);
        Unescape(text[(at + 1)..end], out var start);
        WriteUnescapedFrom(start);
        return end + 1;
    }

    int WriteString(ReadOnlySpan<byte> text, int at)
    {
        var end = JsonString.FindEnd(text, at + 1, out var escaped);
        if (!escaped)
        {
            // All characters that must be escaped are escaped, so a string without escapes is canonical already.
            _output.AddRange(text[at..(end + 1)]);
            return end + 1;
        }

        Unescape(text[(at + 1)..end], out var start);
        WriteUnescapedFrom(start);
        CollectionsMarshal.SetCount(_unescaped, start);
        return end + 1;
    }

    void Unescape(ReadOnlySpan<byte> raw, out int start)
    {
        start = _unescaped.Count;
        CollectionsMarshal.SetCount(_unescaped, start + raw.Length);
        var length = JsonString.Unescape(raw, CollectionsMarshal.AsSpan(_unescaped)[start..]);
        CollectionsMarshal.SetCount(_unescaped, start + length);
    }

    /// <summary>Writes a string with the escapes of RFC 8785, section 3.2.2.2, and no others.</summary>
    void WriteUnescapedFrom(int start)
    {
        var rest = (ReadOnlySpan<byte>)CollectionsMarshal.AsSpan(_unescaped)[start..];
        _output.Add((byte)'"');
        while (rest.IndexOfAny(Escaped) is >= 0 and var plain)
        {
            _output.AddRange(rest[..plain]);
            WriteEscape(rest[plain]);
            rest = rest[(plain + 1)..];
        }
        _output.AddRange(rest);
        _output.Add((byte)'"');
    }

    void WriteEscape(byte character)
    {
        _output.AddRange(character switch
        {
            (byte)'\b' => "\\b"u8,
            (byte)'\t' => "\\t"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\f' => "\\f"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            _ => character < 0x10 ? "\\u000"u8 : "\\u001"u8,
        });
        if (character is not ((>= (byte)'\b' and <= (byte)'\r' and not 0x0B) or (byte)'"' or (byte)'\\'))
            _output.Add("0123456789abcdef"u8[character & 0xF]);
    }

    int WriteNumber(ReadOnlySpan<byte> text, int at)
    {
        var end = JsonNumber.FindEnd(text, at);
        var token = text[at..end];

        if (!token.ContainsAny(".eE"u8))
        {
            _output.AddRange(token.SequenceEqual("-0"u8) ? "0"u8 : token);
            return end;
        }

        var value = double.Parse(token, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value))
        {
            _numberTooLarge ??= token.Length <= ShownNumberBytesMax
                ? $"{Encoding.ASCII.GetString(token)} at byte {at}"
                : $"{Encoding.ASCII.GetString(token[..ShownNumberBytesMax])}… at byte {at}";
            return end;
        }

        Span<byte> written = stackalloc byte[EcmaScriptNumber.BytesMax];
        _output.AddRange(written[..EcmaScriptNumber.Write(value, written)]);
        return end;
    }

    int WriteLiteral(ReadOnlySpan<byte> literal, int at)
    {
        _output.AddRange(literal);
        return at + literal.Length;
    }

    static int SkipSpace(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] <= ' ') at++;
        return at;
    }

    /// <summary>A member of an object that is being written: where its unescaped name is, and where it is in the output.</summary>
    readonly record struct Member(int NameStart, int NameLength, int Start, int Length)
    {
        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> unescaped) => unescaped.Slice(NameStart, NameLength);
    }

    readonly struct ByName(List<byte> unescaped) : IComparer<Member>
    {
        public int Compare(Member x, Member y)
        {
            var names = CollectionsMarshal.AsSpan(unescaped);
            return Utf16Order.Compare(x.Name(names), y.Name(names));
        }
    }
}
