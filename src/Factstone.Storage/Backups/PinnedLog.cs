namespace Factstone.Storage;

/// <summary>A log up to a published end: its segments, the last of which is cut there.</summary>
/// <remarks>Always true: the end is in the last segment of the manifest, and everything below it was durable.</remarks>
internal sealed record PinnedLog(Manifest Manifest, HeadSlot End)
{
    public IReadOnlyList<SegmentHeader> Segments => Manifest.Segments;

    public long Bytes => Enumerable.Range(0, Segments.Count).Sum(EndOf);

    /// <summary>Whether the last segment is not empty; a repair and a restore leave out an empty one.</summary>
    public bool IsLastLive => End.FileOffset > SegmentHeader.Bytes;

    /// <summary>The end of the live part of a segment.</summary>
    public long EndOf(int index) => index + 1 < Segments.Count ? Manifest.EndOf(index)!.Value : End.FileOffset;

    /// <summary>The position after the last one of a segment.</summary>
    public Position NextAfter(int index) => index + 1 < Segments.Count ? Segments[index + 1].BasePosition : End.Position.Next();

    /// <summary>Whether the log reaches at least a location.</summary>
    public bool Reaches(LogLocation location)
    {
        for (var i = 0; i < Segments.Count; i++)
            if (location.IsIn(Segments[i])) return location.FileOffset <= EndOf(i);
        return false;
    }

    /// <summary>Pins what is published now: of a ledger, beside its writer or without one, or of a backup.</summary>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="BackupRefusedException">The files that record the durable end of the log are missing, or contradict each other.</exception>
    public static PinnedLog Take(IFileSystem files, LedgerLayout layout, CancellationToken cancellationToken)
    {
        // A writer that opens, rolls or recovers replaces files during the read; a moment later everything is consistent.
        const int Attempts = 200;
        var pause = TimeSpan.FromMilliseconds(5);
        LedgerDirectory.RefuseUnfinished(files, layout);
        if (BackupFile.Read(files, layout) is { } backup) return backup.Log;
        if (!LedgerDirectory.HoldsLedger(files, layout)) throw new LedgerNotFoundException(layout.Root, "the directory does not contain one.");
        for (var attempt = 1; ; attempt++)
        {
            if (TryTake(files, layout, out var why) is { } pinned) return pinned;
            if (attempt == Attempts) throw new BackupRefusedException(layout.Root, why);
            if (cancellationToken.WaitHandle.WaitOne(pause)) cancellationToken.ThrowIfCancellationRequested();
        }
    }

    static PinnedLog? TryTake(IFileSystem files, LedgerLayout layout, out string why)
    {
        // The head is read first: each manifest is durable before the head that names it.
        why = "HEAD is missing or damaged";
        if (ReadHead(files, layout) is not { } head) return null;
        why = "MANIFEST is missing or damaged";
        if (new ManifestFile(files, layout).Read() is not { } manifest) return null;
        why = "HEAD and MANIFEST contradict each other";
        if (head.LedgerId != manifest.LedgerId || head.Epoch != manifest.Epoch || head.ManifestGeneration > manifest.Generation) return null;

        for (var i = 0; i < manifest.Segments.Count; i++)
        {
            if (!head.IsIn(manifest.Segments[i])) continue;

            // A writer that has recovered from a crash has moved the last group to another segment, and publishes that in HEAD next.
            if (manifest.EndOf(i) < head.FileOffset || (manifest.Segments[i].LiveEnd > 0 && manifest.Segments[i].LiveEnd != head.FileOffset)) return null;
            return new PinnedLog(manifest with { Segments = [.. manifest.Segments.Take(i + 1)] }, head);
        }

        return null;
    }

    static HeadSlot? ReadHead(IFileSystem files, LedgerLayout layout)
    {
        if (!files.FileExists(layout.Head)) return null;
        using (var file = files.Open(layout.Head, FileOpening.ReadOnly))
            if (file.Length < ISharedPage.Size) return null;
        using var head = new HeadFile(files.OpenSharedPage(layout.Head, writable: false));
        return head.Read(out _);
    }
}
