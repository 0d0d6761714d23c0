namespace Factstone.Storage;

/// <summary>What is known of a cell in a frame without its value, for an inspection of a file.</summary>
internal sealed record CellSummary(long FileOffset, CellName Name, CellVersion Version, bool IsDelete, int ValueBytes, bool IsWhole)
{
    /// <summary>The cells of a frame, up to the first whose name is unreadable; none if the facts before them are damaged.</summary>
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
