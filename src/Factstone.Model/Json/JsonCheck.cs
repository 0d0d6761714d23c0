using System.Text;

namespace Factstone;

/// <summary>Checks whether a text is JSON that the ledger accepts.</summary>
/// <remarks>
/// One value by the grammar of RFC 8259, in valid UTF-8. Some rules go beyond the RFC, because readers disagree about
/// these cases: no byte order mark, no two equal names in an object, no lone surrogates, no more than
/// <see cref="DepthMax"/> open containers. Numbers are checked for their grammar only: 1e400 is JSON. Time is linear in
/// the length of the text; memory grows with the names of the open objects.
/// </remarks>
internal static class JsonCheck
{
    /// <summary>How many arrays and objects may be open at the same time.</summary>
    public const int DepthMax = 128;

    const int QuotedBytesMax = 64;

    /// <summary>The first fault, or <see cref="JsonFault.None"/>. Does not allocate for texts of ordinary size.</summary>
    public static JsonFault Check(ReadOnlySpan<byte> utf8) => new JsonScan(utf8, JsonShape.Any).Run();

    /// <summary>Like <see cref="Check(ReadOnlySpan{byte})"/>, for a text that must also have a shape.</summary>
    public static JsonFault Check(ReadOnlySpan<byte> utf8, JsonShape shape) => new JsonScan(utf8, shape).Run();

    /// <summary>Describes a fault that a check of this text has returned, as a sentence: what is wrong, and at which byte, from 0.</summary>
    /// <exception cref="ArgumentException">The text does not have this fault.</exception>
    public static string Describe(ReadOnlySpan<byte> utf8, JsonFault fault)
    {
        var shape = fault switch
        {
            JsonFault.NotAnObject => JsonShape.Object,
            JsonFault.ValueNotText => JsonShape.ObjectOfText,
            _ => JsonShape.Any,
        };
        var scan = new JsonScan(utf8, shape);
        if (scan.Run() != fault)
            throw new ArgumentException("The text does not have this fault.", nameof(fault));
        var at = scan.FaultOffset;

        return fault switch
        {
            JsonFault.None => "The text is JSON.",
            JsonFault.NotUtf8 => $"The text is not UTF-8: byte {FirstInvalidByte(utf8)} does not belong to a character.",
            JsonFault.ByteOrderMark =>
                "The text begins with a byte order mark (EF BB BF), which JSON does not have. Leave out its 3 bytes.",
            JsonFault.Syntax when at == utf8.Length => $"The text is not JSON: it ends at byte {at}, where {scan.Expected} should be.",
            JsonFault.Syntax => $"The text is not JSON: at byte {at} is {Shown(utf8[at])}, where {scan.Expected} should be.",
            JsonFault.DuplicateName =>
                $"The name {Quoted(utf8[at..])} at byte {at} is in its object already. Names are compared after unescaping.",
            JsonFault.LoneSurrogate =>
                $"The escape {Encoding.ASCII.GetString(utf8.Slice(at, 6))} at byte {at} is half of a surrogate pair "
                + "and encodes no character.",
            JsonFault.TooDeep => $"More than {DepthMax} arrays and objects are open at byte {at}.",
            JsonFault.Empty => "The text is empty; JSON is exactly one value.",
            JsonFault.NotAnObject => $"The value at byte {at} must be a JSON object.",
            JsonFault.ValueNotText => $"The value at byte {at} must be a JSON string.",
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault."),
        };
    }

    static int FirstInvalidByte(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == System.Buffers.OperationStatus.Done) at += length;
        return at;
    }

    static string Shown(byte value) => value is > (byte)' ' and < 0x7F ? $"'{(char)value}'" : $"0x{value:X2}";

    /// <summary>The string at the beginning of the text, as written, or its length if it is long.</summary>
    static string Quoted(ReadOnlySpan<byte> text)
    {
        var length = JsonString.FindEnd(text, 1, out _) + 1;
        return length <= QuotedBytesMax ? Encoding.UTF8.GetString(text[..length]) : $"of {length - 2} bytes";
    }
}
