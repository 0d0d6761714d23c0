namespace Factstone.Storage;

/// <summary>The segment in which the log continues after a repair or a restore: the frames that a recovery would write again, the receipt, and a closing frame.</summary>
/// <remarks>It begins the new epoch, if there is one, and is durable before a manifest names it.</remarks>
internal sealed record ReceiptSegment
{
    public required SegmentHeader Header { get; init; }

    /// <summary>Whole frames before the receipt, as in another segment.</summary>
    public IReadOnlyList<(FrameHeader Header, byte[] Bytes)> Carried { get; init; } = [];

    public required ReceiptStream Stream { get; init; }

    /// <summary>The position of the receipt.</summary>
    public required Position Receipt { get; init; }

    public required StreamVersion Version { get; init; }

    public required long RecordedAt { get; init; }

    public required byte[] Payload { get; init; }

    /// <summary>The header of the segment that follows another; if nothing of that one is live, the new one takes its place.</summary>
    /// <param name="old">The last segment so far.</param>
    /// <param name="oldEnd">The end of its live part; null if nothing of it is live.</param>
    /// <param name="sequence">The sequence of the new segment.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="lastCommonPosition">The last position that its epoch has in common with the one before.</param>
    /// <param name="first">The position of its first fact.</param>
    /// <param name="generation">A generation that no file with that position has.</param>
    /// <param name="baseTime">The last RecordedAt before it.</param>
    /// <param name="nonce">Random.</param>
    public static SegmentHeader HeaderAfter(SegmentHeader old, long? oldEnd, long sequence, long epoch, Position lastCommonPosition, Position first, int generation, long baseTime, ulong nonce)
    {
        var isOldLive = oldEnd is not null;
        return new SegmentHeader
        {
            Format = LedgerLayout.Format,
            LedgerId = old.LedgerId,
            Epoch = epoch,
            Sequence = sequence,
            BasePosition = first,
            Generation = generation,
            Nonce = nonce,
            PreviousBase = isOldLive ? old.BasePosition : old.PreviousBase,
            PreviousGeneration = isOldLive ? old.LinkGeneration : old.PreviousGeneration,
            PreviousEnd = oldEnd ?? old.PreviousEnd,
            BaseTime = baseTime,
            LastCommonPosition = lastCommonPosition,
        };
    }

    /// <summary>Creates the file, durable when it returns. Returns the end of the log in it.</summary>
    public HeadSlot Create(IFileSystem files, LedgerLayout layout, StorageOptions options)
    {
        var length = 0;
        SegmentChain.Create(files, layout, options, Header, ready: null, target => target.File.Write(Frames(target, options.Salts, out length), SegmentHeader.Bytes)).Dispose();
        return new HeadSlot
        {
            Sequence = 0,
            LedgerId = Header.LedgerId,
            Epoch = Header.Epoch,
            ManifestGeneration = Header.Sequence,
            Position = Receipt,
            RecordedAt = RecordedAt,
            SegmentBase = Header.BasePosition,
            SegmentGeneration = Header.Generation,
            FileOffset = SegmentHeader.Bytes + length,
            IsClean = true,
        };
    }

    /// <summary>The manifest that makes the segment part of the log.</summary>
    /// <param name="segments">The segments before it; it replaces an empty last one.</param>
    /// <param name="isLastLive">Whether the last one of them is not empty.</param>
    public Manifest ManifestAfter(IEnumerable<SegmentHeader> segments, bool isLastLive) => new()
    {
        LedgerId = Header.LedgerId,
        Epoch = Header.Epoch,
        Generation = Header.Sequence,
        Segments = [.. isLastLive ? segments : segments.SkipLast(1), Header],
    };

    /// <summary>Publishes the end of the log, durably.</summary>
    public static void Publish(IFileSystem files, LedgerLayout layout, HeadSlot end)
    {
        using var head = new HeadFile(files.OpenSharedPage(layout.Head, writable: true));
        head.ContinueAfter(head.Read(out _)?.Sequence ?? 0);
        head.PublishDurably(end);
    }

    ReadOnlySpan<byte> Frames(Segment target, SaltSource salts, out int length)
    {
        var bytes = new byte[Carried.Sum(frame => frame.Bytes.Length) + ReceiptStream.FrameBytesMax(Payload.Length) + FrameFormat.EmptyFrameBytes];
        length = 0;
        foreach (var (header, frame) in Carried)
            length += FrameCopy.Write(header, frame, bytes.AsSpan(length), target, SegmentHeader.Bytes + length, groupStart: SegmentHeader.Bytes);
        length += Stream.WriteFrame(bytes.AsSpan(length), target, SegmentHeader.Bytes + length, Receipt, Version, RecordedAt, Payload, salts);
        var mark = new FrameBuilder(bytes.AsSpan(length), target, appendId: [], factCount: 0);
        length += mark.Finish(FrameKind.Closing, SegmentHeader.Bytes + length, SegmentHeader.Bytes, Receipt.Next(), RecordedAt);
        return bytes.AsSpan(0, length);
    }
}
