using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>A named reader whose progress the ledger keeps: the facts that match a query, from its checkpoint, then live.</summary>
/// <remarks>
/// <para>The checkpoint is a cell, which <see cref="CommitAsync(Position, IReadOnlyList{NewFact}, CancellationToken)"/> writes in one append with the
/// facts of the handler. So each fact takes effect once, even if the process stops between any two steps.</para>
/// <para>A consumer has one owner at a time: <see cref="FollowAsync"/> takes it over. The next commit of the owner before is refused with
/// <see cref="ConsumerOvertakenException"/>, and nothing of it is written.</para>
/// <para>Threads: one follow, and one commit at a time, from any thread. <see cref="GetLagAsync"/> and <see cref="WaitForAsync"/> can be called at any
/// time, also without following and in a read-only ledger. It needs no disposing.</para>
/// </remarks>
public sealed class Consumer
{
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    readonly ILedger _ledger;
    readonly ConsumerOptions _options;
    ConsumerSession? _session;
    TaskCompletionSource _moved = NewSignal();
    int _isFollowing;

    /// <param name="ledger">The ledger.</param>
    /// <param name="name">A checked name.</param>
    /// <param name="options">Checked options.</param>
    internal Consumer(ILedger ledger, string name, ConsumerOptions options) => (_ledger, Name, _options) = (ledger, name, options);

    /// <summary>The name under which the ledger keeps the checkpoint.</summary>
    public string Name { get; }

    /// <summary>The query that facts must match.</summary>
    public FactQuery Query => _options.Query;

    /// <summary>The checkpoint that this object has written last: every matching fact up to this position is handled. 0 before the first <see cref="FollowAsync"/>.</summary>
    public Position Position => Volatile.Read(ref _session)?.Position ?? Position.None;

    /// <summary>Takes over the consumer, and returns the facts after its checkpoint without end: first the existing ones, then each new one when it is durable. In order of position.</summary>
    /// <remarks>
    /// Commit each fact, or the last of several, when it is handled. A fact that was returned and not committed is returned again by the
    /// next follow, here or in another process. The checkpoint also moves past facts that do not match, without a commit: see
    /// <see cref="ConsumerOptions.PassedPositionsMax"/>. Closing the ledger ends it without an exception.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The ledger is read-only, or this object follows already.</exception>
    /// <exception cref="ConsumerRefusedException">The stored query is another one, or the checkpoint cannot be used. Nothing was written.</exception>
    /// <exception cref="LedgerForkedException">The checkpoint does not fit the ledger as it is now. Nothing was written.</exception>
    /// <exception cref="ConsumerOvertakenException">Another owner took over, found out when the checkpoint was to move past facts that do not match.</exception>
    /// <exception cref="AppendUnknownException">The disk failed while the checkpoint was written. Open the ledger again and follow again.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The start of a new consumer is beyond the last fact, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it can be followed again.</exception>
    public IAsyncEnumerable<Fact> FollowAsync(CancellationToken cancellationToken = default) =>
        _ledger.IsReadOnly
            ? throw new InvalidOperationException($"The ledger was opened for reading only, so it cannot keep the checkpoint of consumer '{Name}'. Open it for writing, or follow it with OpenFollower and store Follower.Cursor where your results are: see docs/guide/consumers.md.")
            : FollowFromCheckpointAsync(cancellationToken);

    /// <summary>Moves the checkpoint, without any effect in the ledger: for a fact that needs none, or whose effect is elsewhere. Durable when it returns.</summary>
    /// <inheritdoc cref="CommitAsync(Position, AppendRequest, CancellationToken)"/>
    public ValueTask<AppendReceipt> CommitAsync(Position through, CancellationToken cancellationToken = default) =>
        CommitAsync(through, new AppendRequest(), cancellationToken);

    /// <summary>Appends the facts of the handler and moves the checkpoint, both in one append. Durable when it returns.</summary>
    /// <param name="through">The position of the last fact that is handled, included.</param>
    /// <param name="facts">The facts of the handler, up to 10,000; may be empty.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <inheritdoc cref="CommitAsync(Position, AppendRequest, CancellationToken)"/>
    public ValueTask<AppendReceipt> CommitAsync(Position through, IReadOnlyList<NewFact> facts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return CommitAsync(through, new AppendRequest { Facts = facts }, cancellationToken);
    }

    /// <summary>Appends facts and cells under conditions, and moves the checkpoint, all in one append. Durable when it returns.</summary>
    /// <param name="through">The position of the last fact that is handled, included: after the checkpoint, and at most the position up to which this object has read.</param>
    /// <param name="request">Up to 10,000 facts, 9,999 cells and 9,999 conditions; may be empty. It has no append id: the checkpoint makes it take effect once.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <returns>The receipt of the append. Its last cell is the checkpoint.</returns>
    /// <exception cref="ConsumerOvertakenException">Another owner has taken over, or the consumer was deleted. Nothing was written.</exception>
    /// <exception cref="AppendConflictException">A condition of the request did not hold. Nothing was written, and the checkpoint has not moved.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write. It is not retried: after a reopen and a new follow, the checkpoint says whether it was committed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The position was committed before, or was not read yet. Nothing was written.</exception>
    /// <exception cref="ArgumentException">The request has an append id, or breaks a limit or a rule. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    /// <exception cref="FactTypesException">The type of a value is not registered, or it cannot be written as JSON. Nothing was written.</exception>
    /// <exception cref="InvalidOperationException">Nothing was read yet, another commit is running, or an earlier outcome is unknown. Nothing was written.</exception>
    public async ValueTask<AppendReceipt> CommitAsync(Position through, AppendRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request);
        if (Volatile.Read(ref _session) is not { } session)
            throw new InvalidOperationException($"Consumer '{Name}' has read nothing yet. Read facts with FollowAsync, and commit what was handled. Nothing was written.");

        var receipt = await session.CommitAsync(through, request, cancellationToken).ConfigureAwait(false);
        Signal();
        return receipt;
    }

    /// <summary>Checks what the append that is made of the request cannot say correctly: it has one cell and one condition more.</summary>
    void Check(AppendRequest request)
    {
        if (request.Facts is null || request.Cells is null || request.Conditions is null) throw new ArgumentException("Facts, Cells and Conditions may be empty, but not null.", nameof(request));
        if (request.AppendId is not null) throw new ArgumentException($"A commit of consumer '{Name}' has no append id: the checkpoint makes it take effect once. Leave AppendId out.", nameof(request));
        if (request.Cells.Count >= FactLimits.CellsPerAppendMax)
            throw new ArgumentException($"The commit has {request.Cells.Count:N0} cells; at most {FactLimits.CellsPerAppendMax - 1:N0} are possible beside the checkpoint, which is a cell too.", nameof(request));
        if (request.Conditions.Count >= FactLimits.ConditionsPerAppendMax)
            throw new ArgumentException($"The commit has {request.Conditions.Count:N0} conditions; at most {FactLimits.ConditionsPerAppendMax - 1:N0} are possible beside the one on the checkpoint.", nameof(request));
        for (var i = 0; i < request.Conditions.Count; i++)
            if (AppendCheck.Wrong(request.Conditions[i]) is { } wrong) throw new ArgumentException($"conditions[{i}]: {wrong}", nameof(request));
    }

    /// <summary>How far the checkpoint is behind the ledger: the positions from the first fact that waits to the head, and the age of that fact. Zero if no fact that matches waits.</summary>
    /// <exception cref="LedgerForkedException">The checkpoint does not fit the ledger as it is now.</exception>
    /// <exception cref="ConsumerRefusedException">The stored query is another one, so the checkpoint says nothing about this one; or the checkpoint cannot be used.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no checkpoint, and the start is beyond the last fact, or in the future.</exception>
    public async ValueTask<FollowerLag> GetLagAsync(CancellationToken cancellationToken = default)
    {
        var after = await ReadCheckpointAsync(cancellationToken).ConfigureAwait(false)
            ?? await ConsumerOpening.StartAsync(_ledger, _options, cancellationToken).ConfigureAwait(false);
        return await ConsumerLag.MeasureAsync(_ledger, Query, after, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until every matching fact up to a position is handled: reads what was written. Completes at once if the checkpoint is there, or if only facts that do not match lie between.</summary>
    /// <remarks>
    /// In any process. It waits for as long as the consumer does not run, so pass a token that ends. A commit by this object completes it at
    /// once, one by another owner within 50 ms. Never await it in the handler of the same consumer.
    /// </remarks>
    /// <param name="position">Such as <see cref="AppendReceipt.LastPosition"/>; it may be ahead of the ledger.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative, or higher than <see cref="Position.MaxValue"/>.</exception>
    /// <exception cref="LedgerForkedException">The checkpoint does not fit the ledger as it is now.</exception>
    /// <exception cref="ConsumerRefusedException">The stored query is another one, so the checkpoint says nothing about this one; or the checkpoint cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The ledger was closed.</exception>
    public async ValueTask WaitForAsync(Position position, CancellationToken cancellationToken = default)
    {
        if (position.Value is < 0 or > Position.MaxValue) throw new ArgumentOutOfRangeException(nameof(position), position, $"Positions are from 0 to {Position.MaxValue}.");
        var last = await ConsumerLag.LastMatchAsync(_ledger, Query, position, cancellationToken).ConfigureAwait(false);
        while (last > Position.None)
        {
            var moved = Volatile.Read(ref _moved).Task; // before the checkpoint is read, so that no move is missed
            if (await ReadCheckpointAsync(cancellationToken).ConfigureAwait(false) >= last) return;
            await Task.WhenAny(moved, Task.Delay(PollInterval, _options.TimeProvider, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    async IAsyncEnumerable<Fact> FollowFromCheckpointAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isFollowing, 1) != 0) throw new InvalidOperationException($"This object follows already. Consumer '{Name}' is followed by one caller at a time.");
        try
        {
            Volatile.Write(ref _session, null); // what was read before and not committed is read again, and must not be committed twice
            var session = await ConsumerOpening.TakeOverAsync(_ledger, Name, _options, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _session, session);
            Signal();

            while (await session.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                while (session.TryTake(out var fact))
                {
                    yield return fact;
                    cancellationToken.ThrowIfCancellationRequested(); // before the next one is taken, because a fact that is taken counts as returned
                }

                if (await session.PassAsync(cancellationToken).ConfigureAwait(false)) Signal();
            }
        }
        finally
        {
            Volatile.Write(ref _isFollowing, 0);
        }
    }

    /// <summary>The position of the stored checkpoint; null if there is none.</summary>
    async ValueTask<Position?> ReadCheckpointAsync(CancellationToken cancellationToken) =>
        await _ledger.ReadCellAsync(Checkpoint.Bucket, Name, cancellationToken).ConfigureAwait(false) is { } cell
            ? await ConsumerOpening.ResolveAsync(_ledger, Name, ConsumerOpening.Read(cell, _options), cancellationToken).ConfigureAwait(false)
            : null;

    void Signal() => Interlocked.Exchange(ref _moved, NewSignal()).SetResult();

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
