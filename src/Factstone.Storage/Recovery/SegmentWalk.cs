namespace Factstone.Storage;

/// <summary>Follows a segment frame by frame: whole ones, each at the offset and position that follow from the one before.</summary>
internal static class SegmentWalk
{
    /// <summary>Walks to the first place without such a frame, or to <paramref name="end"/>.</summary>
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

    /// <summary>Where a segment ends of which only the position behind its last fact is known: at the first whole frame that goes beyond that.</summary>
    /// <remarks>Such frames stand behind the live part where a crash was recovered from: they are in the next segment, too.</remarks>
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

    /// <summary>Returns the position behind the frame.</summary>
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
            // The frame is whole, so each fact can be read; only its place is wanted here.
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

/// <summary>Where a walk ended.</summary>
internal readonly record struct WalkEnd
{
    /// <summary>Behind the last whole frame.</summary>
    public required long FileOffset { get; init; }

    /// <summary>The position that the next fact has.</summary>
    public required Position Next { get; init; }

    /// <summary>What the last whole frame is.</summary>
    public FrameKind LastKind { get; init; }

    /// <summary>Where the write that carried the last whole frame began.</summary>
    public long GroupStart { get; init; }

    public bool HasFrames { get; init; }
}
