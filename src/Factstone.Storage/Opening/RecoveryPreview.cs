namespace Factstone.Storage;

/// <summary>Determines what the next open for writing will keep of a log that its last writer did not close. It changes nothing.</summary>
/// <remarks>No writer may be active meanwhile. Damage after the published end is added to the given list.</remarks>
internal sealed class RecoveryPreview
{
    readonly LastTimeVisitor _times = new();

    /// <summary>Whether the last writer closed the ledger, so that no recovery is necessary.</summary>
    public bool IsClean { get; private set; }

    /// <summary>Whether the end of the log is unknown, because durable data is missing there.</summary>
    public bool IsEndUnknown { get; private set; }

    /// <summary>The position after the last complete fact. All facts before it will be kept.</summary>
    public Position Next { get; private set; }

    /// <summary>The RecordedAt of the last complete append.</summary>
    public long LastTime => _times.Last;

    /// <summary>The size of the torn tail: the bytes after the complete appends, up to the last one that is not zero.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Examines the log from the published end to its end.</summary>
    /// <param name="manifest">The segments of the log.</param>
    /// <param name="open">Opens a segment; null if its file is missing, which it reports as damage.</param>
    /// <param name="segments">Creates a reader of segments that reports damage to the same list.</param>
    /// <param name="from">The published end.</param>
    /// <param name="next">The next position at that end.</param>
    /// <param name="published">The content of <c>HEAD</c> for this ledger and epoch; null if it has none.</param>
    /// <param name="indexedEnd">The end that the log has reached at least, according to the index; null if unknown.</param>
    /// <param name="timeBefore">The last RecordedAt before the published end.</param>
    /// <param name="isMoreMissing">Whether segments after the last one are missing.</param>
    /// <param name="damage">The list to which damage is added.</param>
    /// <param name="options">The options of the open. The preview does not report branches.</param>
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
