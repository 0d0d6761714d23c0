namespace Factstone.Storage;

/// <summary>Determines what a directory is before anything in it is opened: a ledger, a backup, or the target of an unfinished backup or restore.</summary>
/// <remarks>The files <c>UNFINISHED</c> and <c>BACKUP</c> decide, in this order, whatever else exists or is missing.</remarks>
internal static class LedgerDirectory
{
    /// <exception cref="LedgerUnfinishedException">A backup or a restore into it was not finished.</exception>
    public static void RefuseUnfinished(IFileSystem files, LedgerLayout layout)
    {
        if (files.FileExists(layout.Unfinished)) throw new LedgerUnfinishedException(layout.Root, UnfinishedMark.Read(files, layout) ?? "backup or restore");
    }

    /// <summary>Whether the directory contains a ledger, or the remains of one.</summary>
    public static bool HoldsLedger(IFileSystem files, LedgerLayout layout) =>
        files.DirectoryExists(layout.Root) && (files.DirectoryExists(layout.Segments) || files.FileExists(layout.Manifest) || files.FileExists(layout.Head));

    /// <exception cref="LedgerUnfinishedException">A backup or a restore into it was not finished.</exception>
    /// <exception cref="LedgerIsBackupException">The directory is a backup.</exception>
    public static void RefuseForWriting(IFileSystem files, LedgerLayout layout)
    {
        RefuseUnfinished(files, layout);
        if (files.FileExists(layout.Backup)) throw new LedgerIsBackupException(layout.Root);
    }
}
