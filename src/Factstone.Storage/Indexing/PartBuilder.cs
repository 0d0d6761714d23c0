using System.Text;

namespace Factstone.Storage;

/// <summary>Fills memory parts with what a walk along the log finds, one part after another.</summary>
/// <param name="options">The options, which limit the size of a part.</param>
/// <param name="part">The first part.</param>
internal sealed class PartBuilder(StorageOptions options, MemoryPart part)
{
    readonly TextPool _texts = new();

    /// <summary>The part that is filled now.</summary>
    public MemoryPart Part { get; private set; } = part;

    /// <summary>The position of the fact that is added next.</summary>
    public Position Next => Part.Next;

    /// <summary>Whether the part has reached its limit of facts or bytes.</summary>
    public bool IsFull => Part.Count >= options.MemoryFactsMax || Part.Bytes >= options.MemoryBytesMax;

    /// <summary>Whether the part is full, and a run may end before a frame. It ends only where a group begins: everything before that place is durable.</summary>
    public bool IsFullAt(in FrameHeader header) => IsFull && header.Kind is FrameKind.Batch or FrameKind.Lost && header.GroupStart == header.FileOffset;

    /// <summary>Continues with another part.</summary>
    public void Begin(MemoryPart next) => Part = next;

    /// <summary>Adds the append id and the time of a frame. What the frame contains is added after it.</summary>
    public void AddFrame(Segment segment, in FrameHeader header, string? appendId)
    {
        // An append from before this part may already be in the index: if the disk was too full to rewrite its frame during
        // the recovery, the frame is rewritten later.
        if (appendId is not null && header.Kind == FrameKind.Batch && header.BasePosition >= Part.First)
        {
            var span = new AppendSpan(header.BasePosition, header.FactCount);
            Part.AddAppend(appendId, new IndexedAppend(span, header.CellCount > 0 ? segment.LocationOf(header.FileOffset) : default));
        }

        if (header.FactCount == 0) Part.Recorded(header.Time);
    }

    /// <summary>Adds a fact, and holes for the positions before it that were not found.</summary>
    public void AddFact(Segment segment, long fileOffset, in HeaderView header)
    {
        AddHoles(new Position(header.Position.Value - 1));
        Part.Add(
            segment,
            fileOffset,
            header.RecordedAt,
            new Location(header.StreamVersion, header.Position, header.Retracts),
            Stream(Part, header.Store, header.Key),
            header.TypeBytes.IsEmpty ? null : _texts.Get(header.TypeBytes),
            Tags(header));
    }

    public void AddCell(Segment segment, long fileOffset, in CellView cell) => Part.AddCell(cell.Name, CellEntry.Of(segment, fileOffset, cell));

    /// <summary>Adds holes, up to and including the last position.</summary>
    public void AddHoles(Position last)
    {
        while (Next <= last) Part.AddHole();
    }

    /// <summary>Adds positions whose facts are lost for good, up to and including the last one.</summary>
    /// <param name="segment">The segment that records them as lost.</param>
    /// <param name="last">The last position.</param>
    /// <param name="lastTime">The last RecordedAt before them.</param>
    public void AddLost(Segment segment, Position last, long lastTime)
    {
        while (Next <= last) Part.AddLost(segment, lastTime);
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
