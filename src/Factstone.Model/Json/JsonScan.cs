using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace Factstone;

/// <summary>One pass over a text: whether it is JSON, and if not, where and why.</summary>
/// <remarks>Uses its own stack and never recurses, so nesting costs no stack space.</remarks>
internal ref struct JsonScan(ReadOnlySpan<byte> text, JsonShape shape)
{
    const int Failed = -1;

    readonly ReadOnlySpan<byte> _text = text;
    readonly JsonShape _shape = shape;

    /// <summary>The first fault, once <see cref="Run"/> has returned.</summary>
    public JsonFault Fault { get; private set; }

    /// <summary>Where the fault is, in bytes from the start. Not known for a text that is not UTF-8.</summary>
    public int FaultOffset { get; private set; }

    /// <summary>What was expected there, if the fault is one of syntax.</summary>
    public string Expected { get; private set; } = "";

    public JsonFault Run()
    {
        if (_text is [0xEF, 0xBB, 0xBF, ..]) Fail(JsonFault.ByteOrderMark, 0);
        else if (!Utf8.IsValid(_text)) Fail(JsonFault.NotUtf8, 0);
        else
        {
            var open = JsonContainers.OfThisThread();
            ScanText(open);
            open.ReleaseLargeBuffers();
        }
        return Fault;
    }

    void ScanText(JsonContainers open)
    {
        var text = _text;
        var at = SkipSpace(text, 0);
        if (at == text.Length)
        {
            Fail(JsonFault.Empty, at);
            return;
        }

        while (at >= 0)
        {
            at = ScanUntilValueEnds(open, at);
            if (at < 0) return;

            // A value has ended. Close the containers that end with it, until another value follows.
            while (true)
            {
                at = SkipSpace(text, at);
                if (open.IsEmpty)
                {
                    if (at < text.Length) FailSyntax(at, "the end of the text");
                    return;
                }

                var inObject = open.InObject;
                if (at < text.Length && text[at] == ',')
                {
                    at = SkipSpace(text, at + 1);
                    if (inObject) at = ScanName(open, at);
                    break;
                }
                if (at == text.Length || text[at] != (inObject ? '}' : ']'))
                {
                    FailSyntax(at, inObject ? "',' or '}'" : "',' or ']'");
                    return;
                }
                open.Close();
                at++;
            }
        }
    }

    /// <summary>Scans from the beginning of a value to the end of the first complete value, and opens containers on the way.</summary>
    int ScanUntilValueEnds(JsonContainers open, int at)
    {
        var text = _text;
        while (true)
        {
            if (at >= text.Length) return FailSyntax(text.Length, "a value");
            if (_shape != JsonShape.Any && !HasShape(open, at)) return Failed;

            switch (text[at])
            {
                case (byte)'"':
                    var quote = JsonString.FindEnd(text, at + 1, out _);
                    return quote < 0 ? FailString(~quote) : quote + 1;

                case (byte)'{':
                    if (!open.TryOpenObject()) return Fail(JsonFault.TooDeep, at);
                    at = SkipSpace(text, at + 1);
                    if (at < text.Length && text[at] == '}')
                    {
                        open.Close();
                        return at + 1;
                    }
                    at = ScanName(open, at);
                    if (at < 0) return Failed;
                    break;

                case (byte)'[':
                    if (!open.TryOpenArray()) return Fail(JsonFault.TooDeep, at);
                    at = SkipSpace(text, at + 1);
                    if (at < text.Length && text[at] == ']')
                    {
                        open.Close();
                        return at + 1;
                    }
                    break;

                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                    var end = JsonNumber.FindEnd(text, at);
                    return end < 0 ? FailSyntax(~end, "a JSON number") : end;

                case (byte)'t':
                    return ScanLiteral(at, "true"u8);
                case (byte)'f':
                    return ScanLiteral(at, "false"u8);
                case (byte)'n':
                    return ScanLiteral(at, "null"u8);
                default:
                    return FailSyntax(at, "a value");
            }
        }
    }

    /// <summary>Scans a name and its colon, up to the value.</summary>
    int ScanName(JsonContainers open, int at)
    {
        var text = _text;
        if (at >= text.Length || text[at] != '"') return FailSyntax(at, "a name in double quotes");

        var quote = JsonString.FindEnd(text, at + 1, out var escaped);
        if (quote < 0) return FailString(~quote);
        if (!open.TryAddName(text, at + 1, quote - at - 1, escaped)) return Fail(JsonFault.DuplicateName, at);

        at = SkipSpace(text, quote + 1);
        if (at >= text.Length || text[at] != ':') return FailSyntax(at, "':'");
        return SkipSpace(text, at + 1);
    }

    int ScanLiteral(int at, ReadOnlySpan<byte> literal) =>
        _text[at..].StartsWith(literal) ? at + literal.Length : FailSyntax(at, "a value");

    /// <summary>Whether a value that begins here fits the required shape.</summary>
    bool HasShape(JsonContainers open, int at)
    {
        if (open.IsEmpty && _text[at] != '{') Fail(JsonFault.NotAnObject, at);
        else if (!open.IsEmpty && _text[at] != '"' && _shape == JsonShape.ObjectOfText) Fail(JsonFault.ValueNotText, at);
        return Fault == JsonFault.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int SkipSpace(ReadOnlySpan<byte> text, int at) =>
        at < text.Length && text[at] > ' ' ? at : SkipSpaces(text, at);

    static int SkipSpaces(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') at++;
        return at;
    }

    int FailString(int at)
    {
        var expected = at == _text.Length ? "the quote that ends the string"
            : _text[at] == '\\' ? "a JSON escape"
            : "an escape instead of a control character";
        Fail(JsonString.FaultAt(_text, at), at);
        Expected = expected;
        return Failed;
    }

    int FailSyntax(int at, string expected)
    {
        Expected = expected;
        return Fail(JsonFault.Syntax, at);
    }

    int Fail(JsonFault fault, int at)
    {
        Fault = fault;
        FaultOffset = at;
        return Failed;
    }
}
