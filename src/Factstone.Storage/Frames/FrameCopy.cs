namespace Factstone.Storage;

/// <summary>Writes a whole frame again for another segment: the same facts and cells byte for byte, with that segment's nonce and offsets.</summary>
internal static class FrameCopy
{
    /// <summary>Returns the length of the copy, which is that of the frame.</summary>
    public static int Write(in FrameHeader header, ReadOnlySpan<byte> source, Span<byte> target, Segment segment, long fileOffset, long groupStart)
    {
        var builder = new FrameBuilder(target, segment, source.Slice(FrameFormat.FixedBytes, header.AppendIdLength), header.FactCount, header.CellCount);
        var at = header.HeaderBytes;
        for (var i = 0; i < header.FactCount; i++) at += AddFact(ref builder, source[at..]);
        for (var i = 0; i < header.CellCount; i++) at += AddCell(ref builder, source[at..], isLost: false);
        return builder.Finish(header.Kind, fileOffset, groupStart, header.BasePosition, header.Time);
    }

    /// <summary>Adds a whole fact from another segment; returns its length there.</summary>
    public static int AddFact(ref FrameBuilder builder, ReadOnlySpan<byte> fact)
    {
        FactFormat.TryReadLengths(fact, out var extent);
        builder.AddFact(fact.Slice(extent.HeaderAt, extent.HeaderLength), [], fact.Slice(extent.BodyAt, extent.BodyLength), extent.MetadataLength);
        return extent.Length;
    }

    /// <summary>Adds a cell from another segment; returns its length there.</summary>
    /// <param name="builder">The frame.</param>
    /// <param name="cell">The cell, of which everything but the value is whole.</param>
    /// <param name="isLost">Whether the value is lost. Then the same version deletes the cell, so that no older value is taken for the newest.</param>
    public static int AddCell(ref FrameBuilder builder, ReadOnlySpan<byte> cell, bool isLost)
    {
        CellFormat.TryReadLengths(cell, out var extent);
        var view = new CellView(cell, extent);
        var head = view.Head;
        if (isLost) builder.AddCell(new CellHead { BucketLength = head.BucketLength, IsDelete = true, Version = head.Version, RecordedAt = head.RecordedAt }, view.Names, []);
        else builder.AddCell(head, view.Names, view.Value);
        return extent.Length;
    }
}
