using System.Text;

namespace Factstone;

/// <summary>The names of the last fact that was read: the next one often has the same.</summary>
internal sealed class NameCache
{
    StreamName _stream = new("", "");
    string _type = "";

    /// <summary>The next fact is surely of this stream, or hardly ever of another.</summary>
    public void Hint(StreamName stream) => _stream = stream;

    public StreamName Stream(ReadOnlySpan<byte> store, ReadOnlySpan<byte> key) => _stream = new StreamName(Same(store, _stream.Store), Same(key, _stream.Key));

    public string? Type(ReadOnlySpan<byte> type) => type.IsEmpty ? null : _type = Same(type, _type);

    /// <summary>Only what is ASCII is compared; the rest is made anew.</summary>
    static string Same(ReadOnlySpan<byte> bytes, string text) => Ascii.Equals(bytes, text) ? text : Encoding.UTF8.GetString(bytes);
}
