using System.Text;

namespace Factstone;

/// <summary>The names of the last fact that was read: the next one often has the same.</summary>
internal sealed class NameCache
{
    StreamName _stream = new("", "");
    string _type = "";

    public StreamName Stream(in HeaderView header)
    {
        var store = Same(header.Store, _stream.Store);
        var key = Same(header.Key, _stream.Key);
        return _stream = new StreamName(store, key);
    }

    public string? Type(in HeaderView header) => header.TypeBytes.IsEmpty ? null : _type = Same(header.TypeBytes, _type);

    /// <summary>Only what is ASCII is compared; the rest is made anew.</summary>
    static string Same(ReadOnlySpan<byte> bytes, string text) => Ascii.Equals(bytes, text) ? text : Encoding.UTF8.GetString(bytes);
}
