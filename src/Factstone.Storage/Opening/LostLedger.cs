namespace Factstone.Storage;

/// <summary>Tells a ledger that has lost all its segments, and its list of them, from a directory that never held one.</summary>
internal static class LostLedger
{
    /// <summary>What to say where something tells that there was a ledger; null where nothing does.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="layout">Where the ledger was: there is neither a segment nor a <c>MANIFEST</c>.</param>
    /// <param name="head">What <c>HEAD</c> says, of whatever ledger; null where it says nothing.</param>
    /// <param name="runs">The index.</param>
    public static LedgerDamagedException? Find(IFileSystem files, LedgerLayout layout, HeadSlot? head, RunDirectory runs)
    {
        if (head is null && !runs.HasAny()) return null;
        var witness = head is not null ? layout.Head : layout.Index;
        return LedgerDamagedException.OfLostSegments(layout.Root, [new Damage(layout.Segments, 0, Position.None, Position.None, $"{(files.DirectoryExists(layout.Segments) ? "The directory contains no segment" : "The directory is missing")}, but {witness} shows that there was a ledger.")]);
    }
}
