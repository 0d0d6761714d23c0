namespace Factstone.Storage;

/// <summary>Keeps segments that a repair has replaced, in case more can be read from them. They are never removed automatically.</summary>
internal static class Quarantine
{
    /// <summary>Moves a file there; durable once both directories are synced.</summary>
    /// <returns>The new path, relative to the ledger's directory.</returns>
    public static string Keep(IFileSystem files, LedgerLayout layout, string name)
    {
        files.CreateDirectory(layout.Damaged);
        files.Rename($"{layout.Segments}/{name}", $"{layout.Damaged}/{name}");
        return $"{layout.Damaged[(layout.Root.Length + 1)..]}/{name}";
    }

    /// <summary>Whether a repair has replaced the segment.</summary>
    public static bool IsReplaced(string name, Manifest manifest) =>
        LedgerLayout.TryReadSegmentName(name, out var first, out var generation)
        && manifest.Segments.Any(segment => segment.BasePosition == first && segment.FirstGeneration > 0 && segment.FirstGeneration <= generation && generation < segment.Generation);
}
