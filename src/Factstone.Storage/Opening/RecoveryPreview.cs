namespace Factstone.Storage;

/// <summary>Finds out what the next open for writing will keep of a log that its last writer did not close. Changes nothing.</summary>
/// <remarks>Nobody may be writing meanwhile. Damage behind the published end goes into the list of the segments that are given.</remarks>
internal sealed class RecoveryPreview
{
    readonly LastTimeVisitor _times = new();

    /// <summary>Whether the last writer closed the ledger, so that nothing is left to do.</summary>
    public bool IsClean { get; private set; }

    /// <summary>Whether what comes last cannot be told, because something that was durable is gone from the end of the log.</summary>
    public bool IsEndUnknown { get; private set; }

    /// <summary>The position behind the last whole fact, all of which will be kept.</summary>
    public Position Next { get; private set; }

    /// <summary>The RecordedAt of the last whole append.</summary>
    public long LastTime => _times.Last;

    /// <summary>Bytes behind them that are not zeros: of a write that was cut short.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Looks from the published end to the end of the log.</summary>
    /// <param name="manifest">The segments of the log.</param>
    /// <param name="open">Gives an open segment; null where its file is missing, which is noted as damage.</param>
    /// <param name="segments">Reads segments, and knows where damage is noted.</param>
    /// <param name="from">The published end.</param>
    /// <param name="next">The position that comes next there.</param>
    /// <param name="published">What <c>HEAD</c> says of this ledger and epoch; null where it says nothing.</param>
    /// <param name="indexedEnd">How far the log has reached at least, according to the index; null if unknown.</param>
    /// <param name="timeBefore">The last RecordedAt before the published end.</param>
    /// <param name="isMoreMissing">Whether segments behind the last one are missing.</param>
    /// <param name="damage">Where damage is noted.</param>
    /// <param name="options">For the branches taken.</param>
    public static RecoveryPreview Run(
        Manifest manifest, Func<SegmentHeader, Position, Segment?> open, Func<IFrameVisitor, SegmentSet> segments, LogLocation from, Position next, HeadSlot? published, IndexedEnd? indexedEnd, long timeBefore, bool isMoreMissing, List<Damage> damage, StorageOptions options)
    {
        var preview = new RecoveryPreview { Next = next };
        preview._times.Last = timeBefore;
        using var walk = segments(preview._times);
        var first = Math.Max(0, manifest.Segments.ToList().FindIndex(from.IsIn));
        var known = damage.Count;
        for (var i = first; i < manifest.Segments.Count; i++)
        {
            var header = manifest.Segments[i];
            var isLast = i + 1 == manifest.Segments.Count;
            var until = isLast ? published?.Position.Next() ?? header.BasePosition : manifest.Segments[i + 1].BasePosition;
            var (start, position) = from.IsIn(header) ? (from.FileOffset, next) : (SegmentHeader.Bytes, header.BasePosition);
            if (open(header, until) is not { } segment)
            {
                preview.IsEndUnknown |= isLast;
                continue;
            }

            if (!isLast) walk.ReadDurable(segment, start, Math.Max(start, manifest.EndOf(i)!.Value), position, until);
            else preview.Examine(walk, segment, start, position, published, indexedEnd, Math.Max(timeBefore, header.BaseTime), isMoreMissing, damage, options);
        }

        preview.IsEndUnknown |= damage.Count > known;
        return preview;
    }

    void Examine(SegmentSet walk, Segment segment, long from, Position next, HeadSlot? published, IndexedEnd? indexedEnd, long timeBefore, bool isMoreMissing, List<Damage> damage, StorageOptions options)
    {
        var reader = walk.Reader(segment);
        var end = TailExamination.Run(reader, from, next, published, indexedEnd, timeBefore, isMoreMissing, options with { BranchTaken = null });
        IsClean = end.IsClean;
        var kept = SegmentWalk.Run(reader, from, end.KeptEnd, next, _times);
        if (end.IsShortened) damage.Add(indexedEnd!.Value.Damage(end.Walk.Next));
        else if (end.IsDamaged) walk.ReadDamaged(reader, kept, end.DurableEnd, end.DurableNext, isKnown: true);
        if (kept.Next > Next) Next = kept.Next;
        if (end.IsClean || end.IsDamaged) return;
        TornBytes = TornTail.Length(segment.File, end.Walk.FileOffset);
    }
}
