using System.Text.Json;

namespace Factstone;

/// <summary>The checkpoint of a version of a projection, and the step by which the version becomes the current one.</summary>
/// <remarks>Threads: one at a time, which writes the snapshot.</remarks>
internal sealed class VersionCheckpoint(ProjectionHost host, Projection definition)
{
    /// <summary>The receipts of repairs.</summary>
    static readonly FactQuery Repairs = FactQuery.Stream(new StreamName("$receipts", "repair"));

    IReadOnlyList<long> _oldBuilds = [];

    /// <summary>As it was read or written last; null if the present build has none.</summary>
    public VersionCell? Stored { get; private set; }

    /// <summary>As the open has read it, even if it cannot be used; null if there was none.</summary>
    public VersionCell? AsOpened { get; private set; }

    /// <summary>Builds whose cells have to be deleted.</summary>
    public IReadOnlyList<long> OldBuilds => _oldBuilds;

    /// <summary>Reads the checkpoint, and checks that it fits the definition and the ledger.</summary>
    /// <returns>Why it cannot be used, as a sentence; null if it can, or if there is none.</returns>
    /// <exception cref="ProjectionRefusedException">The version has another source or other groups.</exception>
    public async ValueTask<string?> OpenAsync(CancellationToken cancellationToken)
    {
        VersionCell? stored;
        try
        {
            stored = await VersionCell.ReadAsync(host.Ledger, definition.Name, definition.Version, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException broken)
        {
            return $"Its checkpoint cannot be read: {broken.Message}";
        }

        if (stored is null) return null;
        Stored = AsOpened = stored;
        _oldBuilds = stored.OldBuilds;
        if (stored.State == ProjectionState.Dropping)
        {
            Forget();
            return "It was dropped.";
        }

        if (!stored.Source.Equals(definition.Source))
            throw new ProjectionRefusedException(definition.Name, definition.Version, $"its Source was '{stored.Source}' and is '{definition.Source}' now. Give the changed definition a new Version, and set Replaces to the one before. Nothing was written.");
        if (stored.Grouping != definition.Grouping)
            throw new ProjectionRefusedException(definition.Name, definition.Version, $"its groups were '{stored.Grouping}' and are '{definition.Grouping}' now. Give the changed definition a new Version, and set Replaces to the one before. Nothing was written.");
        if (await WhyUnfitAsync(host.Ledger, stored.Cursor, cancellationToken).ConfigureAwait(false) is not { } unfit) return null;
        Forget();
        return unfit;
    }

    /// <summary>Why a checkpoint cannot be used in the ledger as it is now; null if it can.</summary>
    public static async ValueTask<string?> WhyUnfitAsync(ILedger ledger, LedgerCursor cursor, CancellationToken cancellationToken)
    {
        try
        {
            // A repair may have lost cells or facts that are in states beyond the checkpoint. A restore brings back all of them as they were together.
            if (cursor.LedgerId == ledger.Id && cursor.Epoch != ledger.Epoch && await ledger.ReadAsync(Repairs, new ReadOptions { From = cursor.Position.Next(), Limit = 1 }, cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false))
                return $"Its checkpoint is of epoch {cursor.Epoch}, before a repair, and the ledger has epoch {ledger.Epoch}.";
            await ledger.ResolveAsync(cursor, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception unfit) when (unfit is LedgerForkedException or ArgumentException)
        {
            return $"Its checkpoint does not fit the ledger: {unfit.Message}";
        }
    }

    /// <summary>Whether there is a later checkpoint than the one that was read, whether or not that could be used.</summary>
    public async ValueTask<bool> IsOutdatedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await VersionCell.ReadAsync(host.Ledger, definition.Name, definition.Version, cancellationToken).ConfigureAwait(false) is { } now
                && now.Cursor.Position > (now.Build == AsOpened?.Build ? AsOpened.Cursor.Position : Position.None);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The next build begins at the first fact, with other buckets.</summary>
    public void Forget()
    {
        if (Stored is not null) _oldBuilds = [.. Stored.Builds];
        Stored = null;
    }

    /// <summary>Makes sure that there is a checkpoint before the first state is written, so that a crash leaves no cells that nobody knows.</summary>
    /// <returns>The build.</returns>
    public async ValueTask<long> BeginAsync()
    {
        while (Stored is null)
        {
            var builds = await host.Ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Builds).ConfigureAwait(false);
            var before = builds?.Version ?? CellVersion.None;
            var begun = new VersionCell(before.Next().Value, ProjectionState.Building, await host.Ledger.GetCursorAsync(Position.None).ConfigureAwait(false), definition.Source!, definition.Grouping) { OldBuilds = _oldBuilds };
            var outcome = await host.Ledger.TryAppendAsync(new AppendRequest
            {
                Cells = [NewCell.Put(ProjectionCells.Bucket, ProjectionCells.Builds, ReadOnlyMemory<byte>.Empty).AsOwn(), begun.ToCell(definition.Name, definition.Version)],
                Conditions = [AppendCondition.CellAt(ProjectionCells.Bucket, ProjectionCells.Builds, before)],
            }).ConfigureAwait(false);
            if (outcome is AppendOutcome.Conflict) continue; // another projection has begun a build
            outcome.EnsureCommittedOrDuplicate();
            Stored = begun;
        }

        return Stored.Build;
    }

    /// <summary>Writes the checkpoint, and with it, in one step, that this version is current and which ones are not any more.</summary>
    /// <param name="position">Every fact of the source up to here is in the cells of the groups.</param>
    /// <param name="promotion">Makes the version the current one; null to leave that as it is.</param>
    /// <param name="failure">Why the projection has failed; null if it has not.</param>
    /// <exception cref="AppendConflictException">Another process has changed which version is current.</exception>
    public async ValueTask WriteAsync(Position position, Promotion? promotion, string? failure)
    {
        var cursor = await host.Ledger.GetCursorAsync(position).ConfigureAwait(false);
        var written = Stored! with { Cursor = cursor, OldBuilds = _oldBuilds, Failure = failure, State = promotion is null ? Stored.State : ProjectionState.Current };
        List<NewCell> cells = [written.ToCell(definition.Name, definition.Version)];
        List<AppendCondition> conditions = [];
        if (promotion is not null)
        {
            cells.Add(VersionCell.CurrentCell(definition.Name, definition.Version));
            cells.AddRange(promotion.Replaced.Select(one => (one.Cell with { State = ProjectionState.Dropping }).ToCell(definition.Name, one.Version)));
            conditions.Add(AppendCondition.CellAt(ProjectionCells.Bucket, ProjectionCells.Current(definition.Name), promotion.CurrentCell));
        }

        await host.AppendAsync(cells, conditions).ConfigureAwait(false);
        Stored = written;
    }

    /// <summary>The cells of the old builds are deleted; the next checkpoint does not name them any more.</summary>
    public void OldBuildsAreDeleted(IReadOnlyList<long> deleted) => _oldBuilds = [.. _oldBuilds.Except(deleted)];
}

/// <summary>How a version becomes the current one.</summary>
/// <param name="CurrentCell">The version of the cell that names the current one, as it was read.</param>
/// <param name="Replaced">The other versions that are stored; they are dropped.</param>
/// <param name="AtLeast">How far it was built. A version that is less far was forgotten meanwhile, and does not become current.</param>
internal sealed record Promotion(CellVersion CurrentCell, IReadOnlyList<(int Version, VersionCell Cell)> Replaced, Position AtLeast);
