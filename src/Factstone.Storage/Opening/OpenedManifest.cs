namespace Factstone.Storage;

/// <summary>The manifest that a writer starts from: the one on the disk, a rebuilt one, or that of a new ledger.</summary>
internal sealed class OpenedManifest(IFileSystem files, LedgerLayout layout, StorageOptions options, ManifestFile manifests)
{
    /// <summary>Damage that the comparison of the segments with the manifest has found.</summary>
    public IReadOnlyList<Damage> Damage => Inventory.Damage;

    public SegmentInventory Inventory { get; private set; } = null!;

    /// <summary>Whether this open has created the ledger.</summary>
    public bool WasCreated { get; private set; }

    public bool WasRebuilt => Inventory.ManifestWasRebuilt;

    /// <summary>Reads or rebuilds the manifest, or creates a ledger.</summary>
    /// <param name="head">What <c>HEAD</c> says; null if it is missing or damaged.</param>
    /// <param name="runs">The index files, which show that a ledger was lost.</param>
    /// <exception cref="LedgerDamagedException">A ledger was here, and its segments are missing.</exception>
    public Manifest Read(HeadSlot? head, RunDirectory runs)
    {
        Inventory = SegmentInventory.Take(files, layout, head, options.Defect);
        if (Inventory.Manifest is not { } manifest) return Create(head, runs);
        if (WasRebuilt) options.BranchTaken?.Invoke(manifest.Generation == 1 && !files.FileExists(layout.Head) ? RecoveryBranch.CreationResumed : RecoveryBranch.ManifestRebuilt);
        if (Inventory.HasAdopted) options.BranchTaken?.Invoke(RecoveryBranch.SegmentsAdopted);
        TrySetAside(manifest);
        if (Damage.Count == 0 && manifest.IsComplete && (WasRebuilt || Inventory.HasAdopted)) TryReplace(manifest);
        return manifest;
    }

    /// <summary>Moves segments to quarantine that contain data outside the log and do not continue it. They are never deleted.</summary>
    void TrySetAside(Manifest manifest)
    {
        var foreign = Inventory.Unlisted.Where(static one => one.Kind == UnlistedKind.Foreign).Select(static one => one.Name).ToList();
        if (foreign.Count == 0) return;
        options.BranchTaken?.Invoke(RecoveryBranch.SegmentSetAside);
        try
        {
            SetAsideSegments.Keep(files, layout, foreign, manifest.Epoch);
        }
        catch (FactstoneException)
        {
            // The segments stay where they are, and count as damage there, too.
        }
    }

    void TryReplace(Manifest rebuilt)
    {
        try
        {
            // The writer that created the segments may have been killed before their names were durable.
            files.SyncDirectory(layout.Segments);
            manifests.Replace(rebuilt);
        }
        catch (LedgerFullException)
        {
            // The content of the manifest follows from the segments; the next manifest that is written contains it again.
        }
    }

    Manifest Create(HeadSlot? head, RunDirectory runs)
    {
        if (LostLedger.Find(files, layout, head, runs) is { } lost) throw lost;
        options.BranchTaken?.Invoke(RecoveryBranch.Created);
        var header = SegmentChain.FirstHeader(options);
        SegmentChain.Create(files, layout, options, header, ready: null, fill: null).Dispose();
        var manifest = new Manifest { LedgerId = header.LedgerId, Epoch = header.Epoch, Generation = 1, Segments = [header] };
        manifests.Replace(manifest);
        WasCreated = true;
        return manifest;
    }
}
