namespace Factstone;

public sealed partial class Ledger
{
    /// <inheritdoc/>
    public async ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new TruncateOptions();
        var truncation = new StreamTruncation(this, _storage, stream, through, reason, options, _projections);
        truncation.Check();
        RefreshReader(cancellationToken);
        if (IsReadOnly && !options.DryRun) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to truncate a stream, or ask for a dry run.");
        return await truncation.RunAsync(cancellationToken).ConfigureAwait(false);
    }
}
