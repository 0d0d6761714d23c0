using System.Buffers;

namespace Factstone;

/// <summary>The rules for the mime type of a blob.</summary>
internal static class MimeType
{
    /// <summary>The characters of a token: RFC 9110, section 5.6.2.</summary>
    static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>What is wrong with a mime type; null if nothing is. Parameters after a semicolon are not examined further.</summary>
    public static string? Wrong(string mime)
    {
        if (NameCheck.Text("The mime type", mime, 1, FactLimits.BlobMimeBytesMax) is { } wrong) return wrong;
        if (!System.Text.Ascii.IsValid(mime)) return "The mime type contains a character that is not ASCII.";
        var type = mime.AsSpan(0, mime.IndexOf(';', StringComparison.Ordinal) is var end and >= 0 ? end : mime.Length).TrimEnd(' ');
        var slash = type.IndexOf('/');
        return slash > 0 && slash < type.Length - 1 && !type[..slash].ContainsAnyExcept(TokenCharacters) && !type[(slash + 1)..].ContainsAnyExcept(TokenCharacters)
            ? null
            : $"'{NameCheck.Shown(mime.AsSpan())}' is not a mime type: write TYPE/SUBTYPE, such as image/png.";
    }
}
