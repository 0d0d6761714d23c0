namespace Factstone.Storage;

/// <summary>What can be said of a cell in a frame without reading its value, for people who look at a file.</summary>
internal sealed record CellSummary(long FileOffset, CellName Name, CellVersion Version, bool IsDelete, int ValueBytes, bool IsWhole)
{
    /// <summary>The cells of a frame, up to the first of which not even the name can be read; none where the facts in front of them are damaged.</summary>
    public static IReadOnlyList<CellSummary> Of(FrameReader reader, in FrameHeader frame)
    {
        var bytes = reader.Bytes(frame);
        var cells = new List<CellSummary>();
        var at = frame.HeaderBytes;
        for (var i = 0; i < frame.FactCount; i++)
        {
            if (at >= bytes.Length || FactFormat.TryRead(bytes[at..], reader.Segment.Seed, out var fact, out _) == FactStatus.HeaderDamaged) return [];
            at += fact.Length;
        }

        for (var i = 0; i < frame.CellCount && at < bytes.Length; i++)
        {
            var status = CellFormat.TryRead(bytes[at..], reader.Segment.Seed, out var extent);
            if (status == CellStatus.HeadDamaged) break;
            var cell = new CellView(bytes[at..], extent);
            cells.Add(new CellSummary(frame.FileOffset + at, cell.Name, cell.Head.Version, cell.Head.IsDelete, extent.ValueLength, status == CellStatus.Whole));
            at += extent.Length;
        }

        return cells;
    }
}
