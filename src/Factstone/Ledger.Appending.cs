
namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Appends, and returns the outcome as a value. Appends that one caller queues one after the other commit in that order.</summary>
    /// <param name="request">Facts, conditions, and an id by which a retry is recognised.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written; after that, the outcome is returned.</param>
    /// <exception cref="ArgumentException">The request breaks a limit or a rule; see <see cref="FactLimits"/>. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The type of a value is not registered; the message has the line to add. Nothing was written.</exception>
    /// <exception cref="LedgerFullException">The disk is full. Nothing was written.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">An earlier disk failure requires a reopen. Nothing was written.</exception>
    /// <exception cref="LedgerIndexException">The index worker has stopped, and the bound of memory is reached. Nothing was written.</exception>
    /// <exception cref="LedgerBusyException">Too many appends are waiting. Nothing was written.</exception>
    /// <exception cref="ClockJumpedException">The clock is probably wrong. Nothing was written.</exception>
    public ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (_pipeline is not { } pipeline) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to append.");
        return pipeline.Append(TypedFacts.Encode(request, _options.Types), cancellationToken);
    }

    /// <summary>Appends; durable when it returns. Throws on anything but success, so that an unread result never hides a lost write.</summary>
    /// <exception cref="AppendFailedException">A condition failed, the id was used before with other facts, or the disk failed during the write.</exception>
    public async ValueTask<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken = default) =>
        (await TryAppendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureCommittedOrDuplicate();

    /// <summary>Appends one fact; durable when it returns.</summary>
    public ValueTask<AppendReceipt> AppendAsync(NewFact fact, CancellationToken cancellationToken = default) =>
        AppendAsync(new AppendRequest(fact), cancellationToken);

    /// <summary>Appends facts, all or none; durable when it returns.</summary>
    public ValueTask<AppendReceipt> AppendAsync(IReadOnlyList<NewFact> facts, CancellationToken cancellationToken = default) =>
        AppendAsync(new AppendRequest { Facts = facts }, cancellationToken);

    /// <summary>Appends values to one stream, all or none; durable when it returns. <see cref="LedgerOptions.Types"/> says how each is stored.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="values">Values of registered types, in the order in which they get their versions.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="FactTypesException">The type of a value is not registered; the message has the line to add. Nothing was written.</exception>
    public ValueTask<AppendReceipt> AppendAsync(StreamName stream, IReadOnlyList<object> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        return AppendAsync([.. values.Select(value => new NewFact(stream, value))], cancellationToken);
    }

    /// <summary>Keeps a bounded number of appends in flight for a caller that does not wait for each.</summary>
    public Appender OpenAppender(AppenderOptions? options = null) => new(this, options ?? new AppenderOptions());

    /// <summary>The original receipt of the append with this id; null if no such append was committed.</summary>
    public ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken = default)
    {
        if (NameCheck.Text("The append id", appendId, 1, FactLimits.AppendIdBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(appendId));
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(_storage.FindAppend(appendId, cancellationToken) is { } span
            ? RepeatedAppend.Receipt(appendId, span, _storage, cancellationToken)
            : null);
    }
}
