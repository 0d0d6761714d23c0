namespace Factstone;

/// <summary>Truncates streams, and lists the receipts.</summary>
public static class LedgerTruncating
{
    static readonly FactQuery Receipts = FactQuery.Store("$receipts");

    /// <summary>Drops all facts of a stream, through its last version. The stream still exists, and the next append to it goes on counting.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="reason">Why, 1 to 1,024 bytes; the receipt keeps it for ever.</param>
    /// <param name="options">By whom, what is written in the same append, or a dry run; null for nothing.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <inheritdoc cref="ILedger.TruncateAsync"/>
    public static ValueTask<TruncationReceipt> DeleteAsync(this ILedger ledger, StreamName stream, string reason, TruncateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return ledger.TruncateAsync(stream, through: null, reason, options, cancellationToken);
    }

    /// <summary>What a truncation would drop now. Nothing is written.</summary>
    /// <param name="ledger">The ledger, which may be open for reading only.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="through">The last version to drop; null for the last one.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">There is no such stream, or its store is reserved.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version is below 1, or beyond the last one.</exception>
    public static ValueTask<TruncationReceipt> PreviewTruncateAsync(this ILedger ledger, StreamName stream, StreamVersion? through = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return ledger.TruncateAsync(stream, through, "preview", new TruncateOptions { DryRun = true }, cancellationToken);
    }

    /// <summary>The receipts of the ledger, oldest first: truncations, repairs and restores.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="options">Where to begin, how many, in which order; null for all.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public static IAsyncEnumerable<LedgerReceipt> ListReceiptsAsync(this ILedgerReader ledger, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return ledger.ReadAsync(Receipts, options, cancellationToken).Select(static fact => new LedgerReceipt(fact));
    }
}
