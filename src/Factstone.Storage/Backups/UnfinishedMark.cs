using System.Text;

namespace Factstone.Storage;

/// <summary>The file <c>UNFINISHED</c>: a text that names the unfinished operation in the directory. See docs/format.md, "Backup".</summary>
internal static class UnfinishedMark
{
    public const string Backup = "backup";
    public const string Restore = "restore";

    /// <summary>Durable when it returns.</summary>
    public static void Write(IFileSystem files, LedgerLayout layout, string work)
    {
        using (var file = files.Open(layout.Unfinished, FileOpening.CreateNew))
        {
            file.Write(Encoding.UTF8.GetBytes(Text(work)), 0);
            file.Sync();
        }

        files.SyncDirectory(layout.Root);
    }

    /// <summary>The operation; null if the mark itself is incomplete, so that nothing else exists yet.</summary>
    public static string? Read(IFileSystem files, LedgerLayout layout)
    {
        using var file = files.Open(layout.Unfinished, FileOpening.ReadOnly);
        var bytes = new byte[Math.Min(file.Length, 4_096)];
        var read = file.Read(bytes, 0);
        foreach (var work in new[] { Backup, Restore })
            if (bytes.AsSpan(0, read).StartsWith(Encoding.UTF8.GetBytes(FirstLine(work)))) return work;
        return null;
    }

    static string FirstLine(string work) => $"factstone {work}\n";

    static string Text(string work) =>
        $"{FirstLine(work)}A {work} into this directory is not finished. The directory cannot be opened, neither for reading nor for writing.\nRun the {work} again, which starts over, or delete the directory.\n";
}
