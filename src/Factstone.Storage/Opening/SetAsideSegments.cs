using System.Globalization;
using System.Text;

namespace Factstone.Storage;

/// <summary>The names of the segments that opens have moved to <c>quarantine/damaged/</c> and that no repair has recorded yet. See docs/format.md, "Files".</summary>
/// <remarks>Each name is written after the epoch in which it was recorded. A repair that records the segment raises the epoch, so the name stops counting when the repair takes effect, not when the file is removed.</remarks>
internal static class SetAsideSegments
{
    /// <summary>A limit for reading: far more names than mistakes put into a directory.</summary>
    const int BytesMax = 1_024 * 1_024;

    /// <summary>The names that are valid in an epoch.</summary>
    public static IReadOnlyList<string> Read(IFileSystem files, LedgerLayout layout, long epoch)
    {
        if (!files.FileExists(layout.SetAside)) return [];
        using var file = files.Open(layout.SetAside, FileOpening.ReadOnly);
        var bytes = new byte[Math.Min(file.Length, BytesMax)];
        var read = file.Read(bytes, 0);
        var lines = Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(static line => line.Split(' ', 2)).Where(parts => parts.Length == 2 && !(long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var of) && of < epoch)).Select(static parts => parts[1])];
    }

    /// <summary>Moves segments to quarantine. Their names are durable before the first one is moved, so that the ledger cannot look undamaged after a crash.</summary>
    public static void Keep(IFileSystem files, LedgerLayout layout, IReadOnlyList<string> names, long epoch)
    {
        files.CreateDirectory(layout.Damaged);
        var all = Encoding.UTF8.GetBytes(string.Concat(Read(files, layout, epoch).Union(names, StringComparer.Ordinal).Select(name => string.Create(CultureInfo.InvariantCulture, $"{epoch} {name}\n"))));
        files.Delete(layout.NewSetAside);
        using (var file = files.Open(layout.NewSetAside, FileOpening.CreateNew))
        {
            file.Write(all, 0);
            file.Sync();
        }

        files.Rename(layout.NewSetAside, layout.SetAside);
        files.SyncDirectory(layout.Damaged);
        foreach (var name in names) Quarantine.Keep(files, layout, name);
        files.SyncDirectory(layout.Damaged);
        files.SyncDirectory(layout.Segments);
    }

    /// <summary>Removes the names; durable when it returns. The segment files stay.</summary>
    public static void Forget(IFileSystem files, LedgerLayout layout)
    {
        if (!files.FileExists(layout.SetAside)) return;
        files.Delete(layout.SetAside);
        files.SyncDirectory(layout.Damaged);
    }
}
