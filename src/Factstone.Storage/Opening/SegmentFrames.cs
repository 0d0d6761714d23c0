namespace Factstone.Storage;

/// <summary>Finds the complete appends in segment files, even in damaged ones, so that two files can be compared.</summary>
internal sealed class SegmentFrames(IFileSystem files, LedgerLayout layout) : IDisposable
{
    readonly FileWindow _window = new(64 * 1_024, 1_024 * 1_024);

    /// <summary>The digests of the complete appends of a segment from an offset on; none when the file is missing.</summary>
    /// <param name="header">The segment.</param>
    /// <param name="from">The offset at which to begin.</param>
    /// <param name="last">Raised to the last position that is found.</param>
    /// <param name="withReceipts">Whether to include receipts of repairs. A receipt that an interrupted repair has written is in no log.</param>
    /// <param name="unlessLastFrom">Leaves out the last group if it begins at or after this offset; null to leave out none.</param>
    public HashSet<Int128> Digests(SegmentHeader header, long from, ref Position last, bool withReceipts = true, long? unlessLastFrom = null)
    {
        var digests = new HashSet<Int128>();
        var ofLastGroup = new HashSet<Int128>();
        var ofLastGroupUntil = Position.None;
        var lastGroup = unlessLastFrom - 1;
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (!files.FileExists(path)) return digests;
        using var file = files.Open(path, FileOpening.ReadOnly);
        _window.Forget();
        var reader = new FrameReader(new Segment(file, header), _window);
        var end = file.Length;
        for (var at = from; reader.TryFindHeader(at, end, out var frame);)
        {
            var isWhole = frame.End <= end && reader.IsWhole(frame);
            at = isWhole ? frame.End : frame.FileOffset + FrameFormat.Alignment;
            if (!isWhole) continue;
            if (frame.GroupStart > lastGroup)
            {
                digests.UnionWith(ofLastGroup);
                ofLastGroup.Clear();
                (lastGroup, last) = (frame.GroupStart, Later(last, ofLastGroupUntil));
            }

            if (frame.Kind != FrameKind.Batch || (!withReceipts && IsReceipt(reader.Bytes(frame), frame))) continue;
            var isOfLastGroup = frame.GroupStart == lastGroup;
            (isOfLastGroup ? ofLastGroup : digests).Add(FrameDigest.Of(reader.Bytes(frame), frame));
            var until = new Position(frame.BasePosition.Value + frame.FactCount - 1);
            if (isOfLastGroup) ofLastGroupUntil = Later(ofLastGroupUntil, until);
            else last = Later(last, until);
        }

        return digests;
    }

    static Position Later(Position one, Position other) => one > other ? one : other;

    static bool IsReceipt(ReadOnlySpan<byte> frame, in FrameHeader header)
    {
        if (header.FactCount != 1 || header.CellCount != 0) return false;
        FactFormat.TryReadLengths(frame[header.HeaderBytes..], out var extent);
        return HeaderView.TryRead(frame.Slice(header.HeaderBytes + extent.HeaderAt, extent.HeaderLength), out var fact) && ReceiptStream.Repair.Has(fact);
    }

    /// <summary>The position after the complete frames from the beginning of a segment to an offset; none if they do not reach exactly that offset.</summary>
    public Position NextAt(SegmentHeader header, long end)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (!files.FileExists(path)) return Position.None;
        using var file = files.Open(path, FileOpening.ReadOnly);
        _window.Forget();
        var walk = SegmentWalk.Run(new FrameReader(new Segment(file, header), _window), SegmentHeader.Bytes, end, header.BasePosition, NullVisitor.Instance);
        return walk.FileOffset == end ? walk.Next : Position.None;
    }

    public void Dispose() => _window.Dispose();
}
