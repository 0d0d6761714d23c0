namespace Factstone.Storage;

/// <summary>Keeps segments in whose place a repair has put others, for whoever can read more from them. Nothing of it is ever removed by itself.</summary>
internal static class Quarantine
{
    /// <summary>Moves a file there; durable once both directories are synced.</summary>
    /// <returns>Where it is now, from the ledger's directory on.</returns>
    public static string Keep(IFileSystem files, LedgerLayout layout, string name)
    {
        files.CreateDirectory(layout.Damaged);
        files.Rename($"{layout.Segments}/{name}", $"{layout.Damaged}/{name}");
        return $"{layout.Damaged[(layout.Root.Length + 1)..]}/{name}";
    }

    /// <summary>Whether a repair has put another segment in its place.</summary>
    public static bool IsReplaced(string name, Manifest manifest) =>
        LedgerLayout.TryReadSegmentName(name, out var first, out var generation)
        && manifest.Segments.Any(segment => segment.BasePosition == first && segment.FirstGeneration > 0 && segment.FirstGeneration <= generation && generation < segment.Generation);
}
