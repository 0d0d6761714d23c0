namespace Factstone.Storage;

/// <summary><c>HEAD</c> and <c>MANIFEST</c> for a reader, next to a writer that may replace them at any time.</summary>
internal sealed class PublishedFiles(IFileSystem files, LedgerLayout layout, BackupContent? backup, RunDirectory runs) : IDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    readonly ManifestFile _manifests = new(files, layout);
    HeadFile? _head;
    LedgerId? _ledger;
    CancellationToken _cancel;
    volatile bool _isClosing;

    /// <summary>Whether it is a backup. A backup is complete and does not change.</summary>
    public bool IsBackup => backup is not null;

    /// <summary>Begins an operation that may have to wait for a writer.</summary>
    public void Begin(CancellationToken cancellationToken) => _cancel = cancellationToken;

    /// <summary>Files of another ledger are ignored from now on.</summary>
    public void Follow(LedgerId ledger) => _ledger = ledger;

    /// <summary>The published end; null when there is none, or none yet.</summary>
    public HeadSlot? ReadHead(out bool isWhole, bool isPatient = true)
    {
        isWhole = IsBackup;
        if (backup is not null) return backup.End;
        _head ??= HeadFile.TryOpen(files, layout);
        return _head?.Read(out isWhole, isPatient);
    }

    /// <summary>The manifest, or what the headers of the segments say in its place.</summary>
    public Manifest ReadManifest(out bool isRebuilt)
    {
        isRebuilt = false;
        if (backup is not null) return backup.Manifest;
        for (var attempt = 0; ; attempt++)
        {
            var stands = files.FileExists(layout.Manifest);
            if (_manifests.Read() is { } manifest && IsOwn(manifest.LedgerId)) return manifest;
            if (attempt < 3 && !stands)
            {
                // A new ledger gets its manifest last. An existing manifest is replaced atomically, so a damaged one is really damaged.
                WaitForWriter();
                continue;
            }

            var headers = _manifests.ReadHeaders().Where(one => one.Header is null || IsOwn(one.Header.LedgerId)).ToList();
            if (headers.Count == 0) throw NoSegments();
            isRebuilt = true;
            return ManifestFile.Rebuild(headers) ?? throw new LedgerDamagedException(
                $"The ledger in '{layout.Root}' cannot be read: its manifest is missing or damaged, and no segment identifies the ledger.",
                UnreadableHeaders());
        }
    }

    /// <summary>Segments with an unreadable header.</summary>
    public IReadOnlyList<Damage> UnreadableHeaders() => [.. _manifests.Unreadable(_manifests.ReadHeaders())];

    /// <summary>The header of the segment that <c>HEAD</c> names; null if there is no such file any more.</summary>
    public SegmentHeader? HeaderOf(HeadSlot slot)
    {
        var path = layout.Segment(slot.SegmentBase, slot.SegmentGeneration);
        try
        {
            return files.FileExists(path) && _manifests.ReadHeader(path) is { } header && IsOwn(header.LedgerId) ? header : null;
        }
        catch (LedgerIOException)
        {
            return null; // removed in the meantime
        }
    }

    /// <summary>Whether a segment is missing because a writer has replaced it in the meantime: neither the manifest nor HEAD names it any more.</summary>
    public bool IsReplaced(SegmentHeader header) =>
        !files.FileExists(layout.Segment(header.BasePosition, header.Generation))
        && ReadManifest(out _).Segments.All(segment => segment.Name != header.Name)
        && ReadHead(out _) is { } newest && !newest.IsIn(header);

    public FactstoneException NoSegments() =>
        LostLedger.Find(files, layout, HeadFile.ReadSlot(files, layout), runs)
        ?? (FactstoneException)new LedgerNotFoundException(layout.Root, "it has no manifest and no segments. The first append creates one: factstone append orders/42 placed '{\"total\":50}'");

    /// <exception cref="OperationCanceledException">Cancelled, or closed.</exception>
    public void WaitForWriter()
    {
        _cancel.WaitHandle.WaitOne(Pause);
        _cancel.ThrowIfCancellationRequested();
        if (_isClosing) throw new OperationCanceledException("The ledger is closed.");
    }

    /// <summary>Ends every wait for a writer. It may be called from any thread.</summary>
    public void StopWaiting() => _isClosing = true;

    public void Dispose() => _head?.Dispose();

    bool IsOwn(LedgerId id) => _ledger is null || id == _ledger;
}
