namespace Factstone;

/// <summary>Where a consumer continues or begins, and the takeover of its checkpoint.</summary>
internal static class ConsumerOpening
{
    /// <summary>Makes the caller the one owner of a consumer: writes its checkpoint with a new owner id, and opens a follower after it.</summary>
    /// <exception cref="ConsumerRefusedException">The stored query is another one, or the checkpoint cannot be used.</exception>
    /// <exception cref="LedgerForkedException">The checkpoint does not fit the ledger as it is now.</exception>
    public static async ValueTask<ConsumerSession> TakeOverAsync(ILedger ledger, string name, ConsumerOptions options, CancellationToken cancellationToken)
    {
        var owner = Guid.NewGuid();
        while (true)
        {
            var cell = await ledger.ReadCellAsync(Checkpoint.Bucket, name, cancellationToken).ConfigureAwait(false);
            var cursor = cell is null
                ? await BeginAsync(ledger, options, cancellationToken).ConfigureAwait(false)
                : await ContinueAsync(ledger, cell, options, cancellationToken).ConfigureAwait(false);
            var follower = ledger.OpenFollower(options.Query, new FollowOptions { From = FollowStart.After(cursor), Dropped = dropped => throw new HistoryDroppedException($"Consumer '{name}', whose checkpoint is before them,", dropped) });

            var checkpoint = new Checkpoint(cursor, options.Query, owner);
            var before = cell?.Version ?? CellVersion.None;
            var outcome = await ledger.TryAppendAsync(
                new AppendRequest { Cells = [checkpoint.ToCell(name)], Conditions = [AppendCondition.CellAt(Checkpoint.Bucket, name, before)] },
                cancellationToken).ConfigureAwait(false);

            // A conflict means that another owner has moved the checkpoint since it was read.
            if (outcome is AppendOutcome.Conflict) continue;
            var receipt = outcome.EnsureCommittedOrDuplicate();
            return new ConsumerSession(ledger, name, options, checkpoint, receipt.CellVersions[^1].Version, follower);
        }
    }

    /// <summary>The position after which a consumer without a checkpoint begins.</summary>
    public static async ValueTask<Position> StartAsync(ILedger ledger, ConsumerOptions options, CancellationToken cancellationToken)
    {
        var start = ledger.OpenFollower(options.Query, new FollowOptions { From = options.StartAt }).Position; // checks the start
        if (options.StartAt.Kind != FollowStartKind.AtTime || options.StartAt.Time <= Microseconds.From(DateTimeOffset.MinValue)) return start;

        // Waits for appends in flight, so that the position is final: an older fact cannot come after it.
        var before = LedgerTime.RecordedBy(Microseconds.ToTime(options.StartAt.Time - 1));
        return (await ledger.ResolveAsync(before, cancellationToken).ConfigureAwait(false)).Position;
    }

    static async ValueTask<LedgerCursor> BeginAsync(ILedger ledger, ConsumerOptions options, CancellationToken cancellationToken)
    {
        if (options.StartAt.Cursor is { } cursor)
        {
            await ledger.ResolveAsync(cursor, cancellationToken).ConfigureAwait(false);
            return cursor;
        }

        return await ledger.GetCursorAsync(await StartAsync(ledger, options, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    static async ValueTask<LedgerCursor> ContinueAsync(ILedger ledger, Cell cell, ConsumerOptions options, CancellationToken cancellationToken)
    {
        var checkpoint = Read(cell, options);
        await ResolveAsync(ledger, cell.Name, checkpoint, cancellationToken).ConfigureAwait(false);
        return checkpoint.Cursor;
    }

    /// <summary>The checkpoint of a consumer with these options.</summary>
    /// <exception cref="ConsumerRefusedException">The stored query is another one, or the value is not a checkpoint.</exception>
    public static Checkpoint Read(Cell cell, ConsumerOptions options)
    {
        var checkpoint = Checkpoint.Read(cell);
        return options.QueryMayChange || checkpoint.Query.Equals(options.Query)
            ? checkpoint
            : throw new ConsumerRefusedException(cell.Name, $"its query was '{checkpoint.Query}', and is '{options.Query}' now. Use a new name, which begins anew, or set QueryMayChange, and the new query holds for the facts after position {checkpoint.Cursor.Position}.");
    }

    /// <summary>The position of a checkpoint, checked against the ledger as it is now.</summary>
    public static async ValueTask<Position> ResolveAsync(ILedger ledger, string consumer, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            return await ledger.ResolveAsync(checkpoint.Cursor, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException unfit)
        {
            throw new ConsumerRefusedException(consumer, $"{unfit.Message} Delete the consumer, and choose where it begins.", unfit);
        }
    }
}
