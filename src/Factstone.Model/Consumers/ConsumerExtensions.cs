using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>The consumers of a ledger.</summary>
public static class ConsumerExtensions
{
    /// <summary>A consumer: the facts that match a query, from its checkpoint, then live. Reads and writes nothing yet; <see cref="Consumer.FollowAsync"/> takes it over.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="name">The name of its checkpoint, 1..128 bytes without control characters.</param>
    /// <param name="options">The query, and where a new consumer begins.</param>
    /// <exception cref="ArgumentException">The name, the query or an option is refused; the message says why.</exception>
    [OverloadResolutionPriority(1)] // new() { Query = … } fits both overloads
    public static Consumer Consumer(this ILedger ledger, string name, ConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(options);
        Check(name);
        if (options.Query is not { } query) throw new ArgumentException("Query is null. For every fact it is FactQuery.All.", nameof(options));
        query.ThrowIfWrong(nameof(options));
        if (Utf8Order.ByteCount(query.ToString()) is var bytes and > FactLimits.ConsumerQueryBytesMax)
            throw new ArgumentException($"The text of the query has {bytes:N0} bytes; at most {FactLimits.ConsumerQueryBytesMax:N0} are possible, because it is stored with each checkpoint. Follow a wider query, and select in the handler.", nameof(options));
        if (options.PassedPositionsMax is < 1 or > 1_000_000) throw new ArgumentOutOfRangeException(nameof(options), options.PassedPositionsMax, "PassedPositionsMax must be 1 to 1,000,000.");
        if (options.TimeProvider is null) throw new ArgumentException("TimeProvider is null. The system's is TimeProvider.System.", nameof(options));
        return new Consumer(ledger, name, options);
    }

    /// <summary>A consumer that begins at the first fact.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="name">The name of its checkpoint, 1..128 bytes without control characters.</param>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact.</param>
    /// <exception cref="ArgumentException">The name or the query is refused; the message says why.</exception>
    public static Consumer Consumer(this ILedger ledger, string name, FactQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        return ledger.Consumer(name, new ConsumerOptions { Query = query });
    }

    /// <summary>The consumers that have a checkpoint, in the order of their names (unsigned UTF-8 bytes). Each has its state when it is reached.</summary>
    /// <remarks>In a read-only ledger, too. Arguments are checked when the enumeration begins.</remarks>
    /// <exception cref="ConsumerRefusedException">The next checkpoint cannot be read.</exception>
    /// <exception cref="LedgerDamagedException">The next checkpoint is damaged, or a damaged stretch of the log may hide one.</exception>
    public static async IAsyncEnumerable<ConsumerSummary> ListConsumersAsync(this ILedger ledger, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        await foreach (var cell in ledger.ListCellsAsync(Checkpoint.Bucket, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            var checkpoint = Checkpoint.Read(cell);
            var lag = await LagAsync(ledger, cell.Name, checkpoint, cancellationToken).ConfigureAwait(false);
            yield return new ConsumerSummary(cell.Name, checkpoint.Cursor, checkpoint.Query, checkpoint.Owner, cell.RecordedAt, lag);
        }
    }

    /// <summary>Deletes the checkpoint of a consumer, durably, also one that cannot be used any more. A consumer with this name then begins anew; the next commit of its present owner is refused.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentException">No consumer can have this name.</exception>
    /// <exception cref="InvalidOperationException">The ledger is read-only.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write: it may or may not be deleted.</exception>
    public static async ValueTask<bool> DeleteConsumerAsync(this ILedger ledger, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        Check(name);
        while (await ledger.ReadCellAsync(Checkpoint.Bucket, name, cancellationToken).ConfigureAwait(false) is { } cell)
        {
            var outcome = await ledger.TryAppendAsync(
                new AppendRequest { Cells = [NewCell.Delete(Checkpoint.Bucket, name).AsOwn()], Conditions = [AppendCondition.CellAt(Checkpoint.Bucket, name, cell.Version)] },
                cancellationToken).ConfigureAwait(false);
            if (outcome is AppendOutcome.Conflict) continue; // its owner has moved it meanwhile
            outcome.EnsureCommittedOrDuplicate();
            return true;
        }

        return false;
    }

    static async ValueTask<FollowerLag?> LagAsync(ILedger ledger, string consumer, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            var after = await ConsumerOpening.ResolveAsync(ledger, consumer, checkpoint, cancellationToken).ConfigureAwait(false);
            return await ConsumerLag.MeasureAsync(ledger, checkpoint.Query, after, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception unfit) when (unfit is LedgerForkedException or ConsumerRefusedException)
        {
            return null;
        }
    }

    static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (NameCheck.Text("The name of the consumer", name, 1, FactLimits.ConsumerNameBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(name));
    }
}
