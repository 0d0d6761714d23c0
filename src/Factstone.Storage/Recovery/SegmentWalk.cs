namespace Factstone.Storage;

/// <summary>Follows a segment frame by frame: whole frames, each at the offset and position that follow from the one before.</summary>
internal static class SegmentWalk
{
    /// <summary>Walks to the first offset without such a frame, or to <paramref name="end"/>.</summary>
    public static WalkEnd Run(FrameReader reader, long from, long end, Position next, IFrameVisitor visitor)
    {
        var walk = new WalkEnd { FileOffset = from, Next = next };
        while (walk.FileOffset < end)
        {
            if (!reader.TryReadHeader(walk.FileOffset, out var header) || header.BasePosition != walk.Next || header.End > end || !reader.IsWhole(header)) break;
            var behind = Visit(reader, header, visitor);
            walk = new WalkEnd
            {
                FileOffset = header.End,
                Next = behind,
                LastKind = header.Kind,
                GroupStart = header.GroupStart,
                HasFrames = true,
            };
        }

        return walk;
    }

    /// <summary>The end of a segment of which only the position after its last fact is known: the first whole frame that goes beyond that position.</summary>
    /// <remarks>Such frames exist after the live part if a crash was recovered: they are in the next segment, too.</remarks>
    public static long EndBefore(FrameReader reader, long end, Position until)
    {
        for (long at = SegmentHeader.Bytes; reader.TryFindHeader(at, end, out var header);)
        {
            if (!reader.IsWhole(header))
            {
                at = header.FileOffset + FrameFormat.Alignment;
                continue;
            }

            if (header.FactCount > 0 && header.BasePosition.Value + header.FactCount > until.Value) return header.FileOffset;
            at = header.End;
        }

        return end;
    }

    /// <summary>Returns the position after the frame.</summary>
    static Position Visit(FrameReader reader, in FrameHeader header, IFrameVisitor visitor)
    {
        var frame = reader.Bytes(header);
        visitor.Frame(reader.Segment, header, FrameFormat.AppendId(frame, header));
        if (header.Kind == FrameKind.Lost)
        {
            var last = LostFormat.Last(frame, header);
            visitor.Lost(reader.Segment, header.BasePosition, last);
            return last.Next();
        }

        var at = header.HeaderBytes;
        for (var i = 0; i < header.FactCount; i++)
        {
            // The frame is whole, so each fact can be read; only its extent is needed here.
            FactFormat.TryReadLengths(frame[at..], out var extent);
            HeaderView.TryRead(frame.Slice(at + extent.HeaderAt, extent.HeaderLength), out var fact);
            visitor.Fact(reader.Segment, header.FileOffset + at, fact);
            at += extent.Length;
        }

        for (var i = 0; i < header.CellCount; i++)
        {
            CellFormat.TryReadLengths(frame[at..], out var extent);
            visitor.Cell(reader.Segment, header.FileOffset + at, new CellView(frame[at..], extent));
            at += extent.Length;
        }

        return new Position(header.BasePosition.Value + header.FactCount);
    }
}

/// <summary>The end of a walk.</summary>
internal readonly record struct WalkEnd
{
    /// <summary>The end of the last whole frame.</summary>
    public required long FileOffset { get; init; }

    /// <summary>The position of the next fact.</summary>
    public required Position Next { get; init; }

    /// <summary>The kind of the last whole frame.</summary>
    public FrameKind LastKind { get; init; }

    /// <summary>The offset at which the write of the last whole frame's group began.</summary>
    public long GroupStart { get; init; }

    public bool HasFrames { get; init; }
}
