namespace Factstone.Storage;

/// <summary>Files that an earlier writer has left, and that nothing refers to any more.</summary>
internal sealed class OpeningLeftovers(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentInventory inventory)
{
    /// <summary>Whether there may be unlisted segments that must be removed. Nothing is appended while there are any.</summary>
    public bool HasUnlistedSegments { get; private set; } = true;

    /// <summary>Removes the files as far as possible. Call it only after the head is published.</summary>
    /// <param name="chain">The segments of the log.</param>
    /// <param name="published">What <c>HEAD</c> said before the open.</param>
    /// <param name="trims">Whether preallocated space that a crash has left in sealed segments is removed, too.</param>
    public void TryRemove(SegmentChain? chain, HeadSlot? published, bool trims)
    {
        try
        {
            chain?.RemoveDropped();
            RemoveUnlistedSegments();
            foreach (var name in files.List(layout.Segments).Where(LedgerLayout.IsSpare)) files.Delete($"{layout.Segments}/{name}");
            files.Delete(layout.NewManifest);
            if (trims && chain is not null && SegmentTrim.Run(files, layout, chain.Manifest, published) > 0) options.BranchTaken?.Invoke(RecoveryBranch.SegmentTrimmed);
        }
        catch (FactstoneException)
        {
            // The first append tries the segments again. Spares and preallocated zeros do no harm.
        }
    }

    /// <summary>Removes unlisted segments that contain only what the log already contains, durably.</summary>
    /// <remarks>
    /// The header of a segment that was started and never listed records where the log continued. If the segment
    /// reappeared after a power loss, and the manifest were lost, the segment would look like the end of a log that has
    /// continued elsewhere since.
    /// </remarks>
    public void RemoveUnlistedSegments()
    {
        var unlisted = inventory.Unlisted.Where(static one => !one.IsDamage).ToList();
        foreach (var segment in unlisted)
        {
            options.BranchTaken?.Invoke(RecoveryBranch.UnlistedSegmentRemoved);
            if (segment.Kind == UnlistedKind.Repeats) files.Delete($"{layout.Segments}/{segment.Name}");
            else if (files.FileExists($"{layout.Segments}/{segment.Name}")) Quarantine.Keep(files, layout, segment.Name);
        }

        if (unlisted.Count > 0) files.SyncDirectory(layout.Segments);
        HasUnlistedSegments = false;
    }
}
