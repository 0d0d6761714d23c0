namespace Factstone.Storage;

/// <summary>Distinguishes a clean end, a torn tail and damage. See docs/format.md, "Recovery".</summary>
internal static class TailExamination
{
    /// <summary>How far after the last whole frame torn bytes can reach, because a group is one write. A frame that proves damage begins within that range, and may end far after it.</summary>
    const long ScanBytesMax = FrameFormat.FrameBytesMax + FrameFormat.EmptyFrameBytes;

    /// <summary>Examines the last segment.</summary>
    /// <param name="reader">Reads the last segment.</param>
    /// <param name="from">The offset to begin at: everything before it is known to be durable.</param>
    /// <param name="next">The expected position of the frame there.</param>
    /// <param name="head">The published end of this ledger; null if there is none.</param>
    /// <param name="indexedEnd">How far the log has reached at least, according to the index; null if unknown.</param>
    /// <param name="timeBefore">The last RecordedAt before <paramref name="from"/>.</param>
    /// <param name="isMoreMissing">Whether later segments are missing.</param>
    /// <param name="options">For the branches taken, and planted mistakes.</param>
    public static LogEnd Run(FrameReader reader, long from, Position next, HeadSlot? head, IndexedEnd? indexedEnd, long timeBefore, bool isMoreMissing, StorageOptions options)
    {
        var length = reader.Segment.Length;
        var headHere = head is { } slot && slot.IsIn(reader.Segment.Header) ? head : null;
        if (headHere is { } closed && CleanEnd(reader, closed, length) is { } clean)
            return indexedEnd?.IsBeyond(clean.Walk.Next, closed.RecordedAt) == true ? Shortened(clean, indexedEnd.Value, length, options) : clean;

        var times = new LastTimeVisitor { Last = timeBefore };
        var walk = SegmentWalk.Run(reader, from, length, next, times);
        if (options.Defect == Defect.DamageAsTornTail) return new LogEnd { From = from, Walk = walk };

        if (headHere is { } published && published.FileOffset > walk.FileOffset)
        {
            options.BranchTaken?.Invoke(RecoveryBranch.DamageBelowHead);
            return Extended(new LogEnd { From = from, Walk = walk, IsDamaged = true, DurableEnd = published.FileOffset, DurableNext = published.Position.Next() }, indexedEnd);
        }

        if (isMoreMissing || (head is { } elsewhere && elsewhere.LedgerId == reader.Segment.Header.LedgerId && elsewhere.Position >= walk.Next))
        {
            options.BranchTaken?.Invoke(RecoveryBranch.DamageBelowHead);
            return Extended(BeforeMissing(reader, from, walk, head, headHere, length, options), indexedEnd);
        }

        if (LaterFrame(reader, walk.FileOffset, Math.Min(length, walk.FileOffset + ScanBytesMax), length) is { } later) return Extended(Damaged(reader, from, walk, later, length, options), indexedEnd);
        var end = new LogEnd { From = from, Walk = walk };
        return indexedEnd?.IsBeyond(walk.Next, times.Last) == true ? Shortened(end, indexedEnd.Value, length, options) : end;
    }

    /// <summary>The content of later segments is lost. They may have contained the last group of this segment again; then that group does not count here.</summary>
    static LogEnd BeforeMissing(FrameReader reader, long from, WalkEnd walk, HeadSlot? head, HeadSlot? headHere, long length, StorageOptions options)
    {
        var end = new LogEnd { From = from, Walk = walk, IsDamaged = true, DurableNext = walk.Next };
        end = LaterFrame(reader, walk.FileOffset, Math.Min(length, walk.FileOffset + ScanBytesMax), length) is { } later
            ? Damaged(reader, from, walk, later, length, options)
            : end with { DurableEnd = Math.Max(end.UntrustedFrom, headHere?.FileOffset ?? 0) };
        return end with { IsBeforeMissing = true, DurableNext = head?.Position >= end.DurableNext ? head.Value.Position.Next() : end.DurableNext };
    }

    /// <summary>With damage, what was durable reaches as far as the index says.</summary>
    static LogEnd Extended(LogEnd end, IndexedEnd? indexedEnd) => indexedEnd?.Last >= end.DurableNext ? end with { DurableNext = indexedEnd.Value.Last.Next() } : end;

    /// <summary>All existing frames are whole, but facts or cells that were durable are missing at the end.</summary>
    static LogEnd Shortened(LogEnd end, IndexedEnd indexedEnd, long length, StorageOptions options)
    {
        options.BranchTaken?.Invoke(RecoveryBranch.DamageBelowIndex);
        return end with { IsClean = false, IsDamaged = true, IsShortened = true, DurableEnd = length, DurableNext = indexedEnd.Last >= end.Walk.Next ? indexedEnd.Last.Next() : end.Walk.Next };
    }

    /// <summary>The end that the last writer marked when it closed the ledger, if nothing was written since. It is trusted, and the segment is not walked.</summary>
    static LogEnd? CleanEnd(FrameReader reader, HeadSlot head, long length)
    {
        // A clean close trims the preallocated zeros. A longer file was written to since, and the clean end in HEAD is out of
        // date.
        var mark = head.FileOffset - FrameFormat.EmptyFrameBytes;
        if (!head.IsClean || head.FileOffset != length || mark < SegmentHeader.Bytes) return null;
        if (!reader.TryReadHeader(mark, out var closing) || closing.Kind != FrameKind.Closing || closing.End != length || !reader.IsWhole(closing)) return null;
        if (closing.BasePosition != head.Position.Next()) return null;
        return new LogEnd
        {
            From = length,
            Walk = new WalkEnd { FileOffset = length, Next = closing.BasePosition, LastKind = FrameKind.Closing, GroupStart = mark, HasFrames = true },
            IsClean = true,
        };
    }

    /// <summary>A whole frame after an offset, whose group began after it. So everything below that group was durable.</summary>
    static FrameHeader? LaterFrame(FrameReader reader, long behind, long scanEnd, long end)
    {
        for (var at = behind; reader.TryFindHeader(at, scanEnd, out var header); at = header.FileOffset + FrameFormat.Alignment)
            if (header.GroupStart > behind && header.End <= end && reader.IsWhole(header)) return header;
        return null;
    }

    static LogEnd Damaged(FrameReader reader, long from, WalkEnd walk, FrameHeader later, long length, StorageOptions options)
    {
        options.BranchTaken?.Invoke(RecoveryBranch.DamageBeforeLaterFrame);

        // What was durable reaches up to the last group that left a whole frame. Whether that group itself was durable is unknown.
        var last = later;
        while (LaterFrame(reader, last.GroupStart, length, length) is { } next && next.GroupStart > last.GroupStart) last = next;
        return new LogEnd { From = from, Walk = walk, IsDamaged = true, DurableEnd = last.GroupStart, DurableNext = last.BasePosition };
    }
}
