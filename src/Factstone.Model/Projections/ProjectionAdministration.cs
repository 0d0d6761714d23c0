using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Factstone;

/// <summary>Lists and drops the kept projections of a ledger. It needs no definition.</summary>
public static class ProjectionAdministration
{
    /// <summary>The versions of kept projections that have cells in the ledger, or that this process keeps, in the order of names (unsigned UTF-8 bytes) and versions.</summary>
    /// <exception cref="ProjectionRefusedException">The cell of the next version cannot be read.</exception>
    /// <exception cref="LedgerDamagedException">The next cell is damaged, or a damaged stretch of the log may hide one.</exception>
    public static async IAsyncEnumerable<ProjectionSummary> ListProjectionsAsync(this ILedger ledger, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        var kept = (ledger as IProjectionSource)?.Projections is { } projections && !projections.Host.ReadsOnly
            ? projections.All.SelectMany(static one => new[] { one.Old, one.Newest }.OfType<KeptVersion>()).ToDictionary(static version => (version.Definition.Name, version.Definition.Version))
            : [];
        var stored = await ProjectionCells.ListVersionsAsync(ledger, projection: null, cancellationToken).ConfigureAwait(false);
        foreach (var (name, version) in stored.Union(kept.Keys).OrderBy(static one => one.Item1, Utf8Order.Instance).ThenBy(static one => one.Item2))
        {
            var cell = await ReadAsync(ledger, name, version, cancellationToken).ConfigureAwait(false);
            if (kept.GetValueOrDefault((name, version)) is { } here)
            {
                var state = cell?.State ?? ProjectionState.Building;
                var lag = await ConsumerLag.MeasureAsync(ledger, here.Definition.Source!, here.Seen, cancellationToken).ConfigureAwait(false);
                yield return new ProjectionSummary(name, version, state, here.Seen, lag, here.Definition.Source!, here.Failure?.Message);
            }
            else if (cell is not null)
            {
                var isFit = cell.State != ProjectionState.Dropping && await VersionCheckpoint.WhyUnfitAsync(ledger, cell.Cursor, cancellationToken).ConfigureAwait(false) is null;
                FollowerLag? lag = isFit ? await ConsumerLag.MeasureAsync(ledger, cell.Source, cell.Cursor.Position, cancellationToken).ConfigureAwait(false) : null;
                yield return new ProjectionSummary(name, version, cell.State, cell.Cursor.Position, lag, cell.Source, cell.Failure);
            }
        }
    }

    /// <summary>Deletes what is stored of a projection, in steps. It can be stopped at any point, and called again. A ledger that is opened with the projection builds it again.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="name">The name of the projection.</param>
    /// <param name="version">One version only; null for all of them.</param>
    /// <param name="cancellationToken">Ends it before the next step.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidOperationException">This process keeps the projection: open the ledger without it first. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write.</exception>
    public static async ValueTask<bool> DropProjectionAsync(this ILedger ledger, string name, int? version = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(name);
        if (NameCheck.Text("The name of the projection", name, 1, FactLimits.TypeBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        if (version is < 1) throw new ArgumentOutOfRangeException(nameof(version), version, "The version of a projection is at least 1.");
        if ((ledger as IProjectionSource)?.Projections?.Find(name) is { } kept && (version is null || version == kept.Definition.Version || version == kept.Old?.Definition.Version))
            throw new InvalidOperationException($"The ledger was opened with projection '{name}', so it cannot be dropped. Open the ledger without it. Nothing was written.");

        var host = new ProjectionHost(ledger, new ProjectionLimits(), Notice: null);
        var current = await ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Current(name), cancellationToken).ConfigureAwait(false);
        var dropped = new List<(int Version, VersionCell? Cell)>();
        foreach (var (_, one) in await ProjectionCells.ListVersionsAsync(ledger, name, cancellationToken).ConfigureAwait(false))
            if (version is null || version == one) dropped.Add((one, await TryReadAsync(ledger, name, one, cancellationToken).ConfigureAwait(false)));
        var isCurrent = current is not null && (version is null || await IsCurrentAsync(ledger, name, version.Value, cancellationToken).ConfigureAwait(false));
        if (dropped.Count == 0 && !isCurrent) return false;

        // One step: from here on none of them is used, and what is left of the deletion can be done at any time.
        List<NewCell> marks = [.. dropped.Where(static one => one.Cell is not null).Select(one => (one.Cell! with { State = ProjectionState.Dropping }).ToCell(name, one.Version))];
        marks.AddRange(dropped.Where(static one => one.Cell is null).Select(one => NewCell.Delete(ProjectionCells.Bucket, ProjectionCells.Version(name, one.Version)).AsOwn()));
        if (isCurrent) marks.Add(NewCell.Delete(ProjectionCells.Bucket, ProjectionCells.Current(name)).AsOwn());
        await host.AppendAsync(marks).ConfigureAwait(false);
        foreach (var (one, cell) in dropped)
            if (cell is not null) await ProjectionDeletion.DeleteVersionAsync(host, name, one, cell, cancellationToken).ConfigureAwait(false);
        return true;
    }

    static async ValueTask<bool> IsCurrentAsync(ILedger ledger, string name, int version, CancellationToken cancellationToken) =>
        (await VersionCell.ReadCurrentAsync(ledger, name, cancellationToken).ConfigureAwait(false)).Version == version;

    /// <summary>The checkpoint of a version; null also if it cannot be read.</summary>
    static async ValueTask<VersionCell?> TryReadAsync(ILedger ledger, string name, int version, CancellationToken cancellationToken)
    {
        try
        {
            return await VersionCell.ReadAsync(ledger, name, version, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static async ValueTask<VersionCell?> ReadAsync(ILedger ledger, string name, int version, CancellationToken cancellationToken)
    {
        try
        {
            return await VersionCell.ReadAsync(ledger, name, version, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException broken)
        {
            throw new ProjectionRefusedException(name, version, $"its checkpoint cannot be read: {broken.Message} Drop the projection, and it is built again.", broken);
        }
    }
}
