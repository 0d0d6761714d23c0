namespace Factstone.Storage;

/// <summary>Distinguishes a ledger that has lost all its segments and its manifest from a directory that never contained a ledger.</summary>
internal static class LostLedger
{
    /// <summary>The exception to throw when a file shows that there was a ledger; null when none does.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="layout">The directory. It contains neither a segment nor a <c>MANIFEST</c>.</param>
    /// <param name="head">The content of <c>HEAD</c>, of any ledger; null if it has none.</param>
    /// <param name="runs">The index.</param>
    public static LedgerDamagedException? Find(IFileSystem files, LedgerLayout layout, HeadSlot? head, RunDirectory runs)
    {
        if (head is null && !runs.HasAny()) return null;
        var witness = head is not null ? layout.Head : layout.Index;
        return LedgerDamagedException.OfLostSegments(layout.Root, [new Damage(layout.Segments, 0, Position.None, Position.None, $"{(files.DirectoryExists(layout.Segments) ? "The directory contains no segment" : "The directory is missing")}, but {witness} shows that there was a ledger.")]);
    }
}
