namespace Factstone;

/// <summary>Deletes the cells of builds in steps, so that no append is large. It can be stopped and begun again at any point.</summary>
internal static class ProjectionDeletion
{
    /// <summary>Deletes the cells of a version that is marked as being dropped, and the mark last.</summary>
    /// <returns>How many cells of groups and parts were deleted.</returns>
    public static async ValueTask<long> DeleteVersionAsync(ProjectionHost host, string projection, int version, VersionCell dropped, CancellationToken cancellationToken)
    {
        var cells = 0L;
        foreach (var build in dropped.Builds) cells += await DeleteBuildAsync(host, build, cancellationToken).ConfigureAwait(false);
        await host.AppendAsync([NewCell.Delete(ProjectionCells.Bucket, ProjectionCells.Version(projection, version)).AsOwn()]).ConfigureAwait(false);
        return cells;
    }

    public static async ValueTask<long> DeleteBuildAsync(ProjectionHost host, long build, CancellationToken cancellationToken) =>
        await DeleteCellsAsync(host, ProjectionCells.Groups(build), "", cancellationToken).ConfigureAwait(false) + await DeleteCellsAsync(host, ProjectionCells.Parts(build), "", cancellationToken).ConfigureAwait(false);

    /// <summary>Deletes the cells of a bucket whose names begin with a prefix.</summary>
    public static async ValueTask<long> DeleteCellsAsync(ProjectionHost host, string bucket, string prefix, CancellationToken cancellationToken)
    {
        var deleted = 0L;
        string? after = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var cells = new List<NewCell>();
            await foreach (var name in host.Ledger.ListCellNamesAsync(bucket, new CellListOptions { Prefix = prefix, After = after, Limit = host.Limits.CellsPerAppend }, cancellationToken).ConfigureAwait(false))
                cells.Add(NewCell.Delete(bucket, name.Name).AsOwn());
            if (cells.Count == 0) return deleted;
            await host.AppendAsync(cells).ConfigureAwait(false);
            deleted += cells.Count;
            after = cells[^1].Cell.Name;
        }
    }
}
