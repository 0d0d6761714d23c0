namespace Factstone.Storage;

/// <summary>Reads and writes the file <c>BACKUP</c>, which marks a directory as a backup.</summary>
internal static class BackupFile
{
    /// <summary>Durable when it returns; a crash before that leaves no file.</summary>
    public static void Write(IFileSystem files, LedgerLayout layout, BackupContent content)
    {
        using (var file = files.Open(layout.NewBackup, FileOpening.CreateNew))
        {
            file.Write(BackupFormat.Write(content), 0);
            file.Sync();
        }

        files.Rename(layout.NewBackup, layout.Backup);
        files.SyncDirectory(layout.Root);
    }

    /// <summary>The content of the backup's file; null if the directory is not a backup.</summary>
    /// <exception cref="LedgerDamagedException">The file exists and is damaged, so the end of the backup is unknown.</exception>
    /// <exception cref="LedgerFormatException">A newer version wrote the ledger.</exception>
    public static BackupContent? Read(IFileSystem files, LedgerLayout layout)
    {
        if (!files.FileExists(layout.Backup)) return null;
        using var file = files.Open(layout.Backup, FileOpening.ReadOnly);
        var newerFormat = 0;
        if (file.Length <= Array.MaxLength)
        {
            var bytes = new byte[file.Length];
            var read = file.Read(bytes, 0);
            if (BackupFormat.Read(bytes.AsSpan(0, read), out newerFormat) is { } content) return content;
        }

        if (newerFormat != 0) throw new LedgerFormatException(layout.Backup, newerFormat, BackupFormat.Format);
        throw new LedgerDamagedException(
            $"The backup in '{layout.Root}' cannot be read.",
            [new Damage(layout.Backup, 0, Position.None, Position.None, "The file is damaged, so the content of the backup is unknown.")]);
    }
}
