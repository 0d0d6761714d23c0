namespace Factstone.Storage;

/// <summary>Publishes the end of the log: in <c>HEAD</c> for other processes, and then to the readers of this one.</summary>
/// <remarks>Threads: the writer's, or the one that opens or closes.</remarks>
internal sealed class HeadPublisher(HeadFile file, SegmentChain chain, CurrentHead current)
{
    /// <summary>After each group.</summary>
    /// <param name="head">The last durable position.</param>
    /// <param name="fileOffset">Where the log ends in its current segment.</param>
    public void Publish(StorageHead head, long fileOffset)
    {
        file.Publish(Slot(head, fileOffset, isClean: false));
        current.Set(head);
    }

    /// <summary>After an open or a close, whose readers know the head already: durable when it returns.</summary>
    public void PublishDurably(StorageHead head, long fileOffset, bool isClean) => file.PublishDurably(Slot(head, fileOffset, isClean));

    HeadSlot Slot(StorageHead head, long fileOffset, bool isClean)
    {
        var segment = chain.Current.Header;
        return new HeadSlot
        {
            Sequence = 0,
            LedgerId = chain.Manifest.LedgerId,
            Epoch = chain.Manifest.Epoch,
            ManifestGeneration = chain.Manifest.Generation,
            Position = head.Position,
            RecordedAt = head.RecordedAt,
            SegmentBase = segment.BasePosition,
            SegmentGeneration = segment.Generation,
            FileOffset = fileOffset,
            IsClean = isClean,
        };
    }
}
