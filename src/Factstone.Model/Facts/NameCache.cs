using System.Text;

namespace Factstone;

/// <summary>The names of the last fact that was read, because the next fact often has the same names.</summary>
internal sealed class NameCache
{
    StreamName _stream = new("", "");
    string _type = "";

    /// <summary>Sets the stream that the next fact most likely has.</summary>
    public void Hint(StreamName stream) => _stream = stream;

    public StreamName Stream(ReadOnlySpan<byte> store, ReadOnlySpan<byte> key) => _stream = new StreamName(Same(store, _stream.Store), Same(key, _stream.Key));

    public string? Type(ReadOnlySpan<byte> type) => type.IsEmpty ? null : _type = Same(type, _type);

    /// <summary>Only ASCII is compared; other text is decoded again.</summary>
    static string Same(ReadOnlySpan<byte> bytes, string text) => Ascii.Equals(bytes, text) ? text : Encoding.UTF8.GetString(bytes);
}
