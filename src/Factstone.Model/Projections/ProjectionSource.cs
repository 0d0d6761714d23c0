namespace Factstone;

/// <summary>Reads the facts of a projection in batches.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class ProjectionSource(ILedger ledger, FactQuery query, ProjectionLimits limits)
{
    /// <summary>If at least one of so many facts matches, reading all of them costs less than finding those that match.</summary>
    const int FactsPerMatchScanned = 4;

    /// <summary>A scan leaves out the stores of Factstone's own, unless it is a query that names them.</summary>
    readonly bool _canScan = !query.Any(static item => item.Store is { } store && NameCheck.IsOwn(store));

    bool _isDense;

    /// <summary>Reads facts between two positions, as many as belong into a batch.</summary>
    /// <returns>Every matching fact up to this position was read.</returns>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a matching fact.</exception>
    public async ValueTask<Position> ReadAsync(Position after, Position until, List<Fact> batch, CancellationToken cancellationToken)
    {
        var reading = new Reading(batch, query, limits);

        // A query begins with look-ups in the index, which are not worth it for a few positions, nor where most facts match.
        var isShort = until.Value - after.Value <= limits.ScannedPositionsMax;
        var isScanned = query.IsAll || (_canScan && (isShort || (_isDense && limits.ScannedPositionsMax > 0)));
        if (isScanned && !isShort && !query.IsAll) until = new Position(after.Value + limits.ScannedPositionsMax);
        var options = new ReadOptions { From = after.Next(), AsOf = LedgerTime.AtPosition(until) };
        try
        {
            reading = isScanned
                ? await ledger.FoldAsync(reading, AddMatching, options, cancellationToken).ConfigureAwait(false)
                : await ledger.FoldAsync(query, reading, Add, options, cancellationToken).ConfigureAwait(false);
        }
        catch (FactstoneException unread) when (isScanned && !query.IsAll && unread is HistoryDroppedException or LedgerDamagedException)
        {
            // A scan also stops at dropped and damaged facts that do not match. The query meets only those that do.
            batch.Clear();
            reading = await ledger.FoldAsync(query, new Reading(batch, query, limits), Add, options, cancellationToken).ConfigureAwait(false);
        }

        var read = reading.IsFull ? batch[^1].Position : until;
        _isDense = batch.Count * (long)FactsPerMatchScanned >= read.Value - after.Value;
        return read;
    }

    static bool AddMatching(ref Reading reading, in FactView fact) => !reading.Query.Matches(fact) || Add(ref reading, fact);

    static bool Add(ref Reading reading, in FactView fact)
    {
        reading.Batch.Add(fact.ToFact());
        reading.Bytes += fact.Payload.Length;
        return !reading.IsFull;
    }

    struct Reading(List<Fact> batch, FactQuery query, ProjectionLimits limits)
    {
        public readonly List<Fact> Batch => batch;

        public readonly FactQuery Query => query;

        public long Bytes { get; set; }

        public readonly bool IsFull => batch.Count >= limits.FactsPerBatch || Bytes >= limits.BytesPerBatch;
    }
}
