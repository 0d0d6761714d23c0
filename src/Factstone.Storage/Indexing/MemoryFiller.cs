using System.Text;

namespace Factstone.Storage;

/// <summary>Adds the facts that a scan of the log finds to a memory part.</summary>
internal sealed class MemoryFiller
{
    readonly TextPool _texts = new();

    public void Add(MemoryPart part, Segment segment, long fileOffset, in HeaderView header)
    {
        while (part.Next < header.Position) part.AddHole();
        part.Add(
            segment,
            fileOffset,
            header.RecordedAt,
            new Location(header.StreamVersion, header.Position, header.Retracts),
            Stream(part, header.Store, header.Key),
            header.TypeBytes.IsEmpty ? null : _texts.Get(header.TypeBytes),
            Tags(header));
    }

    string[] Tags(in HeaderView header)
    {
        if (header.TagCount == 0) return [];
        var tags = new string[header.TagCount];
        var at = 0;
        foreach (var tag in header.TagBytes()) tags[at++] = _texts.Get(tag);
        return tags;
    }

    static StreamEntry Stream(MemoryPart part, ReadOnlySpan<byte> store, ReadOnlySpan<byte> key)
    {
        Span<char> storeBuffer = stackalloc char[FactLimits.StoreBytesMax];
        Span<char> keyBuffer = stackalloc char[FactLimits.KeyBytesMax];
        var storeText = store.Length <= storeBuffer.Length ? storeBuffer[..Encoding.UTF8.GetChars(store, storeBuffer)] : Encoding.UTF8.GetString(store).AsSpan();
        var keyText = key.Length <= keyBuffer.Length ? keyBuffer[..Encoding.UTF8.GetChars(key, keyBuffer)] : Encoding.UTF8.GetString(key).AsSpan();
        return part.FindOrMake(storeText, keyText);
    }
}
