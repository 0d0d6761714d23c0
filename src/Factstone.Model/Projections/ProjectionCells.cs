using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Factstone;

/// <summary>The names of the cells of kept projections. See docs/format.md, "Kept projections".</summary>
internal static class ProjectionCells
{
    public const string Bucket = "$projections";

    /// <summary>The cell whose number of writes is the number of the last build.</summary>
    public const string Builds = "builds";

    /// <summary>The cell of a parts bucket that says which large state is being written.</summary>
    public const string Journal = "journal";

    /// <summary>The cell that is deleted, and never written: an append of it lets the ledger recover the end of its log.</summary>
    public const string Recovery = "recovery";

    const string CurrentPrefix = "current/";
    const string VersionPrefix = "version/";

    /// <summary>The cell that says which version answers.</summary>
    public static string Current(string projection) => CurrentPrefix + projection;

    /// <summary>The cell with the checkpoint of a version.</summary>
    public static string Version(string projection, int version) => string.Create(CultureInfo.InvariantCulture, $"{VersionPrefix}{version}/{projection}");

    /// <summary>The bucket with the states of the groups.</summary>
    public static string Groups(long build) => string.Create(CultureInfo.InvariantCulture, $"{Bucket}.{build}");

    /// <summary>The bucket with the parts of large states.</summary>
    public static string Parts(long build) => string.Create(CultureInfo.InvariantCulture, $"{Bucket}.{build}.parts");

    /// <summary>The names of the parts of one generation begin with this.</summary>
    public static string Generation(long generation) => string.Create(CultureInfo.InvariantCulture, $"{generation}/");

    public static string Part(long generation, int index) => string.Create(CultureInfo.InvariantCulture, $"{generation}/{index:D6}");

    /// <summary>Reads the name of the cell of a version.</summary>
    public static bool TryParseVersion(string cell, [NotNullWhen(true)] out string? projection, out int version)
    {
        (projection, version) = (null, 0);
        if (!cell.StartsWith(VersionPrefix, StringComparison.Ordinal)) return false;
        var slash = cell.IndexOf('/', VersionPrefix.Length);
        if (slash < 0 || !int.TryParse(cell.AsSpan(VersionPrefix.Length, slash - VersionPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out version) || version < 1) return false;
        projection = cell[(slash + 1)..];
        return projection.Length > 0;
    }

    /// <summary>The cells of the versions of a projection, or of all projections, in the order of the cells' names.</summary>
    public static async ValueTask<List<(string Projection, int Version)>> ListVersionsAsync(ILedger ledger, string? projection, CancellationToken cancellationToken)
    {
        var versions = new List<(string, int)>();
        await foreach (var cell in ledger.ListCellNamesAsync(Bucket, new CellListOptions { Prefix = VersionPrefix }, cancellationToken).ConfigureAwait(false))
            if (TryParseVersion(cell.Name, out var name, out var version) && (projection is null || name == projection)) versions.Add((name, version));
        return versions;
    }
}
