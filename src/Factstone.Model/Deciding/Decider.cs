using System.Runtime.ExceptionServices;

namespace Factstone;

/// <summary>One call of <c>DecideAsync</c>: folds, decides, appends on the condition that nothing it read has grown, and on a conflict does so again.</summary>
/// <remarks>
/// Always true: a decider hears of nothing, neither of a state nor of an exception of its decide function, before all that
/// it was decided on is durable.
/// </remarks>
internal sealed class Decider<TState>(ILedger ledger, Projection<TState> projection, DecisionBoundary boundary, Func<TState, IReadOnlyList<object>> decide, DecideOptions options)
{
    const int BackOffMillisecondsMax = 250;

    /// <summary>So many decisions are made on top of each other before the first is durable.</summary>
    const int StepsMax = 256;

    /// <summary>So many attempts are made on top of queued appends, which may fall.</summary>
    const int AttemptsOnQueuedMax = 3;

    readonly DecisionLines _lines = DecisionLines.Of(ledger);
    Projected<TState>? _durable;
    Position? _head;
    bool _asksForDurable;
    int _attempts;

    public async ValueTask<Decided<TState>> RunAsync(CancellationToken cancellationToken)
    {
        if (await FindRepeatAsync(cancellationToken).ConfigureAwait(false) is { } repeat) return repeat;
        while (true)
        {
            using var turn = options.TakesTurns ? await _lines.EnterAsync(boundary.Lines, cancellationToken).ConfigureAwait(false) : null;
            var state = await StateAsync(turn, cancellationToken).ConfigureAwait(false);
            var decided = await DecideOnAsync(state, turn, cancellationToken).ConfigureAwait(false);
            if (decided is not null) return decided;
            turn?.Dispose();
            await BackOffAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether it decides on top of appends that are queued. It does not if its decide function asks for what is known only when they are durable:
    /// otherwise the next decider could always be faster. Nor in its last attempts, so that these are lost to other writers only.
    /// </summary>
    bool DecidesOnQueued => !_asksForDurable && _attempts < Math.Min(AttemptsOnQueuedMax, options.AttemptsMax - 1);

    /// <summary>The state to decide on: that of the last decider, as long as its append is not answered; otherwise what is durable now.</summary>
    async ValueTask<KnownState<TState>> StateAsync(DecisionTurn? turn, CancellationToken cancellationToken)
    {
        var known = turn?.Known as KnownState<TState>;
        if (known is not null && (!ReferenceEquals(known.Projection, projection) || !known.Boundary.Equals(boundary))) known = null;
        if (known is { Steps.Count: > 0 and < StepsMax } && DecidesOnQueued)
        {
            _head ??= await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
            return known;
        }

        // What another decider has queued cannot be folded here, so it has to be durable first.
        foreach (var other in turn?.Queued ?? []) await other.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
        var from = known?.Durable ?? _durable ?? projection.Empty;
        _durable = await boundary.ProjectAsync(ledger, projection, from, cancellationToken).ConfigureAwait(false);
        return new KnownState<TState>(projection, boundary, _durable, _durable.State, _durable.Version, []);
    }

    /// <summary>Decides on a state and appends; null if the decision has to be made again.</summary>
    async ValueTask<Decided<TState>?> DecideOnAsync(KnownState<TState> known, DecisionTurn? turn, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        AppendRequest? request;
        Fact[]? own = null;
        var (isFolded, after, version) = (false, known.Latest, known.Version);
        FactNotDurableException.TakeMark();
        try
        {
            request = boundary.Request(decide(known.Latest), known, options, ledger.Types);
            if (request is not null && !FactNotDurableException.IsMarked)
            {
                own = ProvisionalFacts(known, request);
                isFolded = TryFold(known, own, out after, out version);
            }
        }
        catch (Exception thrown)
        {
            if (IsAskedForDurable(known)) return await WaitAsync(known, turn, cancellationToken).ConfigureAwait(false);
            return await AnswerAsync(known, turn, thrown, cancellationToken).ConfigureAwait(false);
        }

        if (IsAskedForDurable(known)) return await WaitAsync(known, turn, cancellationToken).ConfigureAwait(false);
        if (request is null)
        {
            if (known.Steps.Count == 0) turn?.Learn(known);
            return await AnswerAsync(known, turn, thrown: null, cancellationToken).ConfigureAwait(false);
        }

        var decision = new QueuedDecision(_lines);
        AppendOutcome? outcome = null;
        ArgumentException? refused = null;
        Position? durable = null;
        try
        {
            var sending = ledger.TryAppendAsync(request with { Acceptance = decision.Acceptance }, cancellationToken);
            _attempts++;
            turn?.Queue(decision, isFolded ? known.Then(decision, after, version) : known.WithoutSteps());
            turn?.End();
            outcome = await sending.ConfigureAwait(false);
            if (outcome is AppendOutcome.Committed { Receipt: var receipt })
            {
                isFolded &= IsAt(receipt, version);
                if (!isFolded || await BecomeDurableAsync(own!, receipt).ConfigureAwait(false)) durable = receipt.LastPosition;
            }
        }
        catch (ArgumentException wrong)
        {
            refused = wrong;
        }
        finally
        {
            turn?.Answer(decision, isFolded ? durable : null);
        }

        switch (outcome)
        {
            case null:
                return await AnswerAsync(known, turn, refused, cancellationToken).ConfigureAwait(false);

            case AppendOutcome.Committed committed when isFolded:
                // The state may hold facts of the decisions before it, which get their positions now.
                await AreDurableAsync(known, CancellationToken.None).ConfigureAwait(false);
                return new Decided<TState>(after, version, committed.Receipt, _attempts);

            case AppendOutcome.Committed committed:
                var state = await boundary.ProjectAsync(ledger.AsOf(LedgerTime.AtPosition(committed.Receipt.LastPosition)), projection, known.Durable, CancellationToken.None).ConfigureAwait(false);
                return new Decided<TState>(state.State, state.Version, committed.Receipt, _attempts);

            case AppendOutcome.Duplicate duplicate:
                return await RepeatAsync(duplicate.Receipt, cancellationToken).ConfigureAwait(false);

            case AppendOutcome.Conflict conflict when _attempts < options.AttemptsMax && conflict.Condition == request.Conditions[0]:
                return null;

            case AppendOutcome.Conflict conflict when conflict.Condition == request.Conditions[0]:
                throw new AppendConflictException(conflict, _attempts);

            default:
                outcome.EnsureCommittedOrDuplicate();
                return null;
        }
    }

    /// <summary>Whether the decide function has asked a fact for what is known only when the fact is durable. It may have swallowed the exception.</summary>
    static bool IsAskedForDurable(KnownState<TState> known) => FactNotDurableException.TakeMark() && known.Steps.Count > 0;

    /// <summary>Waits until everything in the state is durable, so that the decision is made again.</summary>
    async ValueTask<Decided<TState>?> WaitAsync(KnownState<TState> known, DecisionTurn? turn, CancellationToken cancellationToken)
    {
        _asksForDurable = true;
        turn?.End();
        await AreDurableAsync(known, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>Answers a decision that appends nothing, as soon as everything that it was made on is durable; null if it has to be made again.</summary>
    /// <param name="known">The state that it was made on.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="thrown">What the decision was refused with; null if there was nothing to decide.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    async ValueTask<Decided<TState>?> AnswerAsync(KnownState<TState> known, DecisionTurn? turn, Exception? thrown, CancellationToken cancellationToken)
    {
        turn?.End();
        if (!await AreDurableAsync(known, cancellationToken).ConfigureAwait(false)) return null;

        // No condition has compared the state with what other writers had appended before this call began.
        if (known.Steps is [.., var (last, _, _)] && last.Last < _head) return null;
        if (await FindRepeatAsync(cancellationToken).ConfigureAwait(false) is { } repeat) return repeat;
        if (thrown is not null) ExceptionDispatchInfo.Throw(thrown);
        return new Decided<TState>(known.Latest, known.Version, null, _attempts);
    }

    /// <summary>The facts of the append as a fold sees them before they are durable; null if there are none such.</summary>
    Fact[]? ProvisionalFacts(KnownState<TState> known, AppendRequest request)
    {
        // Their causation is the id of a fact that has none yet.
        if (request.Facts.Any(static fact => fact.CausationIndex is not null)) return null;

        // Only the ledger itself knows which stores are records, whose facts have values without a type.
        var source = ledger as IFactValueSource;
        if (source is null && request.Facts.Any(static fact => fact.Type is null)) return null;
        try
        {
            return Factstone.ProvisionalFacts.Of(request.Facts, boundary.Stream, known.Version, source is null ? FactValues.Of(ledger.Types, []) : source.Values);
        }
        catch (Exception)
        {
            return null; // the append is refused for the same reason, with a message
        }
    }

    /// <summary>The state after the decision, for the next decider. False if a fold asks for what is known only when the append is durable.</summary>
    bool TryFold(KnownState<TState> known, Fact[]? facts, out TState after, out StreamVersion version)
    {
        (after, version) = (known.Latest, known.Version);
        if (facts is null) return false;
        try
        {
            foreach (var fact in facts)
            {
                if (!boundary.Matches(fact)) continue;
                after = projection.Step(after, fact);
                if (boundary.Stream is not null) version = version.Next();
            }
        }
        catch (Exception) when (FactNotDurableException.IsMarked)
        {
            // What a step throws then may be due to that, and it is called again when the fact is durable.
        }

        return !FactNotDurableException.TakeMark();
    }

    /// <summary>Whether the stream has the version that was folded. After a repair that lost facts the first append to a stream leaves versions out.</summary>
    bool IsAt(AppendReceipt receipt, StreamVersion version)
    {
        foreach (var (stream, actual) in receipt.Versions)
            if (stream == boundary.Stream) return actual == version;
        return true;
    }

    /// <summary>Gives the facts of the append their positions, times and ids: a state may hold them. False if they cannot be read, so that the state must not be kept.</summary>
    async ValueTask<bool> BecomeDurableAsync(Fact[] facts, AppendReceipt receipt)
    {
        try
        {
            for (var i = 0; i < facts.Length; i++)
            {
                if (await ledger.ReadAtAsync(new Position(receipt.FirstPosition.Value + i), CancellationToken.None).ConfigureAwait(false) is not { } stored) return false;
                facts[i].BecomeDurable(stored);
            }

            return true;
        }
        catch (Exception)
        {
            // The append is durable whatever a read finds now. Who asks such a fact for its position is told that it has none.
            return false;
        }
    }

    static async ValueTask<bool> AreDurableAsync(KnownState<TState> known, CancellationToken cancellationToken)
    {
        var areDurable = true;
        foreach (var (decision, _, _) in known.Steps) areDurable &= await decision.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
        return areDurable;
    }

    /// <summary>The answer if an append with the id is committed; otherwise null.</summary>
    async ValueTask<Decided<TState>?> FindRepeatAsync(CancellationToken cancellationToken) =>
        options.AppendId is { } id && await ledger.FindAppendAsync(id, cancellationToken).ConfigureAwait(false) is { } receipt
            ? await RepeatAsync(receipt, cancellationToken).ConfigureAwait(false)
            : null;

    async ValueTask<Decided<TState>> RepeatAsync(AppendReceipt receipt, CancellationToken cancellationToken)
    {
        var now = await boundary.ProjectAsync(ledger, projection, projection.Empty, cancellationToken).ConfigureAwait(false);
        return new Decided<TState>(now.State, now.Version, receipt, _attempts) { IsRepeat = true };
    }

    /// <summary>Waits a random time, longer after each attempt. With turns, the first conflict is mostly that of an append that fell, so that nothing is gained by a wait.</summary>
    async ValueTask BackOffAsync(CancellationToken cancellationToken)
    {
        var doublings = options.TakesTurns ? _attempts - 2 : _attempts + 3;
        if (doublings < 0) return;
        var most = Math.Min(BackOffMillisecondsMax, 1 << Math.Min(doublings, 10));
        await Task.Delay(TimeSpan.FromMilliseconds(_lines.Random.NextDouble() * most), _lines.Time, cancellationToken).ConfigureAwait(false);
    }
}
