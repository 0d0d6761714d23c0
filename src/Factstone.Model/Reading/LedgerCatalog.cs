namespace Factstone;

/// <summary>Which streams there are, and how much was ever appended to them. <see cref="ILedger.ListStoresAsync"/> and <see cref="ILedgerReader.ListStreamsAsync"/> list them.</summary>
public static class LedgerCatalog
{
    /// <summary>Whether a stream has ever had a fact. A retraction does not end a stream.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may be the first one of the stream.</exception>
    public static async ValueTask<bool> StreamExistsAsync(this ILedgerReader ledger, StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return await ledger.GetVersionAsync(stream, asOf, cancellationToken).ConfigureAwait(false) > StreamVersion.None;
    }

    /// <summary>What was ever appended to one store. Lists every stream of it, so the time grows with their number.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="store">The store, also one that starts with <c>$</c>. One without facts gives zeros.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No store can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another stream, or be a later version.</exception>
    public static async ValueTask<CatalogTotals> GetTotalsAsync(this ILedgerReader ledger, string store, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        var (streams, versions) = (0L, 0L);
        await foreach (var stream in ledger.ListStreamsAsync(store, new ListOptions { AsOf = asOf }, cancellationToken).ConfigureAwait(false))
        {
            streams++;
            versions += stream.Version.Value;
        }

        return new CatalogTotals(streams > 0 ? 1 : 0, streams, versions);
    }

    /// <summary>What was ever appended to all stores, except those that start with <c>$</c>, which are reserved. Lists every stream, so the time grows with their number.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The totals as of the head at the time of the call. <see cref="ILedger.GetStatisticsAsync"/> counts what is held instead, reserved stores included.</returns>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another stream, or be a later version.</exception>
    public static async ValueTask<CatalogTotals> GetTotalsAsync(this ILedger ledger, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        var head = await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
        var total = default(CatalogTotals);
        await foreach (var store in ledger.ListStoresAsync(cancellationToken).ConfigureAwait(false))
        {
            var (stores, streams, versions) = await ledger.GetTotalsAsync(store.Store, head, cancellationToken).ConfigureAwait(false);
            total = new CatalogTotals(total.Stores + stores, total.Streams + streams, total.Versions + versions);
        }

        return total;
    }
}
