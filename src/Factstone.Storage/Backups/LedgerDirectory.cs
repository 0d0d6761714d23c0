namespace Factstone.Storage;

/// <summary>Tells what a directory is before anything in it is opened: a ledger, a backup, or one that a backup or a restore has not finished.</summary>
/// <remarks>Whatever else is there, or is missing, the files <c>UNFINISHED</c> and <c>BACKUP</c> decide, in this order.</remarks>
internal static class LedgerDirectory
{
    /// <exception cref="LedgerUnfinishedException">A backup or a restore into it was not finished.</exception>
    public static void RefuseUnfinished(IFileSystem files, LedgerLayout layout)
    {
        if (files.FileExists(layout.Unfinished)) throw new LedgerUnfinishedException(layout.Root, UnfinishedMark.Read(files, layout) ?? "backup or restore");
    }

    /// <exception cref="LedgerUnfinishedException">A backup or a restore into it was not finished.</exception>
    /// <exception cref="LedgerIsBackupException">It is a backup.</exception>
    public static void RefuseForWriting(IFileSystem files, LedgerLayout layout)
    {
        RefuseUnfinished(files, layout);
        if (files.FileExists(layout.Backup)) throw new LedgerIsBackupException(layout.Root);
    }
}
