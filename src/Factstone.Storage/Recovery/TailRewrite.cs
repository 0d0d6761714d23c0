namespace Factstone.Storage;

/// <summary>After a crash: writes the whole frames of the last group again into the next segment, durable before any read or append.</summary>
/// <remarks>
/// They may have been read from a cache that never reached the disk. The torn bytes after them are kept in quarantine.
/// On a full disk nothing of this is done, and it is tried again later; each step can be repeated.
/// </remarks>
internal sealed class TailRewrite(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentChain chain, FactIndex index, LogEnd end)
{
    /// <summary>The time of the last append before the rewritten frames: everything below them is in the index already.</summary>
    readonly long _baseTime = Math.Max(index.LastTime, chain.Current.Header.BaseTime);

    /// <summary>The length of the torn tail.</summary>
    public long TornBytes { get; private set; }

    /// <summary>The number of facts that were written again.</summary>
    public long Facts { get; private set; }

    /// <summary>The offset at which the log continues.</summary>
    public long Tail { get; private set; }

    /// <exception cref="LedgerFullException">There is no space; nothing was changed.</exception>
    public void Run()
    {
        var old = chain.Current;
        TornBytes = TornTail.Length(old.File, end.Walk.FileOffset);
        if (TornBytes > 0)
        {
            options.BranchTaken?.Invoke(RecoveryBranch.TornTailCut);
            TornTail.Keep(files, layout, old.File, old.Header, end.Walk.FileOffset, TornBytes);
        }

        // Written and synced before the manifest names the segment: until then the frames are live at their old location.
        var frames = ReadFrames(old);
        var first = frames.Count == 0 ? end.Walk.Next : frames[0].Header.BasePosition;
        Tail = SegmentHeader.Bytes;
        chain.StartNext(end.UntrustedFrom, first, _baseTime, ready: null, readyEnd: 0, next => Write(frames, next));
        if (frames.Count > 0) Index(first);
        old.Seal();

        options.BranchTaken?.Invoke(frames.Count > 0 ? RecoveryBranch.LastGroupRewritten : RecoveryBranch.NothingToRewrite);
        if (chain.Manifest.Segments.All(segment => segment.Sequence != old.Header.Sequence)) options.BranchTaken?.Invoke(RecoveryBranch.EmptySegmentDropped);
    }

    void Write(List<FrameBytes> frames, Segment next)
    {
        var bytes = new byte[frames.Sum(frame => frame.Bytes.Length)];
        var at = 0;
        foreach (var frame in frames)
        {
            var header = options.Defect == Defect.RewriteWithoutCells ? frame.Header with { CellCount = 0 } : frame.Header;
            at += FrameCopy.Write(header, frame.Bytes, bytes.AsSpan(at), next, SegmentHeader.Bytes + at, groupStart: SegmentHeader.Bytes);
        }

        next.File.Reserve(SegmentHeader.Bytes, at);
        next.File.Write(bytes.AsSpan(0, at), SegmentHeader.Bytes);
        Tail = SegmentHeader.Bytes + at;
    }

    void Index(Position first)
    {
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        var moved = new MovedFacts(index);
        SegmentWalk.Run(new FrameReader(chain.Current, window), SegmentHeader.Bytes, Tail, first, moved);
        Facts = moved.Count;
        Invariant.Holds(index.Next == end.Walk.Next);
    }

    List<FrameBytes> ReadFrames(Segment old)
    {
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        var reader = new FrameReader(old, window);
        var frames = new List<FrameBytes>();
        for (var at = end.UntrustedFrom; at < end.Walk.FileOffset;)
        {
            var isFrame = reader.TryReadHeader(at, out var header);
            Invariant.Holds(isFrame);
            if (header.Kind == FrameKind.Batch) frames.Add(new FrameBytes(header, reader.Bytes(header).ToArray()));
            at = header.End;
        }

        return frames;
    }

    sealed record FrameBytes(FrameHeader Header, byte[] Bytes);

    /// <summary>Adds the new facts to the index, and moves those that were served from the old location meanwhile.</summary>
    sealed class MovedFacts(FactIndex index) : IFrameVisitor
    {
        public long Count { get; private set; }

        public void Frame(Segment segment, in FrameHeader header, string? appendId) => index.Frame(segment, header, appendId);

        public void Lost(Segment segment, Position first, Position last) => index.Lost(segment, first, last);

        public void Fact(Segment segment, long fileOffset, in HeaderView header)
        {
            Count++;
            if (header.Position < index.Next) index.Move(segment, fileOffset, header.Position);
            else index.Fact(segment, fileOffset, header);
        }

        public void AddHoles(Position last) => index.AddHoles(last);

        public void Cell(Segment segment, long fileOffset, in CellView cell) => index.Cell(segment, fileOffset, cell);

        public void MarkCellsUnknown() => index.MarkCellsUnknown();
    }
}
