namespace Factstone;

/// <summary>The only way into the ledger: an append is prepared on the caller's thread, decided and written by the one writer, and answered on another thread.</summary>
/// <remarks>Always true: no append is answered before the state that decided it is durable. Threads: <see cref="WriteStep"/> is called by one thread at a time.</remarks>
internal sealed class AppendPipeline : IDisposable
{
    readonly IFactReading _reading;
    readonly IFactAppending _appending;
    readonly LedgerOptions _options;
    readonly AppendQueue _queue = new();
    readonly List<PendingAppend> _group = [];
    readonly HashSet<PendingAppend> _toRead = [];
    readonly IWorker _writer;
    readonly long _groupBytesMax;
    Exception? _broken;

    public AppendPipeline(IFactReading reading, IFactAppending appending, RecordingClock clock, LedgerOptions options)
    {
        _reading = reading;
        _appending = appending;
        _options = options;
        Clock = clock;
        _groupBytesMax = Math.Min(FactLimits.AppendBytesMax, options.SegmentSizeBytes);
        _writer = options.Scheduler.Start("factstone writer", WriteStep);
    }

    public RecordingClock Clock { get; }

    public ValueTask<AppendOutcome> Append(AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Append(AppendPreparation.Prepare(request, _options.Salts), cancellationToken);
    }

    /// <summary>The same for one fact whose stream must be at a version.</summary>
    public ValueTask<AppendOutcome> Append(NewFact fact, StreamVersion expected, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Append(AppendPreparation.Prepare(fact, expected, _options.Salts), cancellationToken);
    }

    ValueTask<AppendOutcome> Append(PreparedAppend prepared, CancellationToken cancellationToken)
    {
        PendingAppend pending;
        try
        {
            if (_appending.Prepare(prepared, out var committed, cancellationToken) is not { } snapshot) return ValueTask.FromResult(Repeat(prepared, committed, cancellationToken));
            pending = new PendingAppend(this, prepared, snapshot, ConditionCheck.Prepare(prepared.Conditions, _reading, cancellationToken));
        }
        catch
        {
            prepared.Release();
            throw;
        }

        // The token is registered before the append is queued, because the answer disposes the registration.
        pending.CancelWith(cancellationToken);
        try
        {
            _queue.Add(pending); // from here on the writer owns the buffer
        }
        catch
        {
            pending.Withdraw();
            throw;
        }

        _writer.Wake();
        return pending.Task;
    }

    /// <summary>The answer to an append whose id is committed. It needs no writer.</summary>
    AppendOutcome Repeat(PreparedAppend append, AppendSpan committed, CancellationToken cancellationToken)
    {
        var repeat = RepeatedAppend.Answer(append, committed, _reading, cancellationToken);
        append.Release();
        return repeat;
    }

    /// <summary>One step of the writer. Production calls it on its own thread, a simulation at any time.</summary>
    public bool WriteStep()
    {
        if (!_queue.TryTakeGroup(_group, _groupBytesMax)) return false;
        _group.RemoveAll(static pending => !pending.TryTake());

        try
        {
            if (_broken is not null) throw new LedgerFailedException(_broken.Message, _broken);
            var session = _appending.Begin();
            Clock.BeginGroup(_reading.Head.RecordedAt);
            foreach (var pending in _group) pending.Decision = Decide(pending, session); // each on the state that the ones before it leave
            if (_options.Defect == Defect.AnswerBeforeSync) CompleteGroup();
            if (_options.Defect == Defect.ConflictBeforeSync) CompleteConflicts();
            session.Commit();                                                              // durable from here
        }
        catch (GroupUnknownException unknown)
        {
            Fail(unknown.Cause);
        }
        catch (FactstoneException refused)
        {
            foreach (var pending in _group)
            {
                pending.Append.Acceptance?.Fail();
                pending.Decision = new AppendDecision.Failed(refused);
            }
        }
        catch (Exception unforeseen) when (unforeseen is not MachineStoppedException)
        {
            // A defect of Factstone, no memory, or an exception of the caller's clock. The state is unknown, so nothing is
            // written any more. The process continues, and every waiting caller gets the exception.
            _broken = unforeseen;
            Fail(new LedgerFailedException(unforeseen.Message, unforeseen));
        }
        finally
        {
            Clock.EndGroup();
        }

        if (_options.Defect != Defect.AnswerBeforeSync) CompleteGroup();                   // callers may learn it now; never inline on this thread
        return true;
    }

    public void Complete(PendingAppend pending) => _options.Scheduler.Complete(pending);

    /// <summary>Turns a decision into an outcome, and reads what the outcome needs.</summary>
    public void Answer(PendingAppend pending)
    {
        try
        {
            switch (pending.Decision)
            {
                case { } accepted when accepted == AppendDecision.Accepted:
                    pending.SetOutcome(new AppendOutcome.Committed(pending.Receipt!));
                    break;
                case AppendDecision.Unknown unknown:
                    pending.SetOutcome(new AppendOutcome.Unknown(pending.Append.AppendId, unknown.Receipt.FirstPosition, unknown.Receipt.LastPosition, unknown.Cause));
                    break;
                case AppendDecision.Failed failed:
                    pending.SetException(failed.Exception);
                    break;
                default:
                    pending.SetOutcome(ReadOutcome(pending));
                    break;
            }
        }
        catch (Exception exception)
        {
            // The waiting caller must get the exception, whatever it is.
            pending.SetException(exception);
        }
    }

    /// <summary>Accepts no more appends and finishes those in the queue. Returns when the writer has stopped and no answer needs the storage any more.</summary>
    public void Dispose()
    {
        _queue.Close();
        _writer.Stop();
        while (WriteStep()) { }

        PendingAppend[] unread;
        lock (_toRead) unread = [.. _toRead];
        foreach (var pending in unread)
        {
            try
            {
                ReadOutcome(pending);
            }
            catch (Exception)
            {
                // The caller gets this exception when the append is answered. The other appends, and the lock, do not wait for that.
            }
        }
    }

    /// <summary>The outcome of a repeat or a conflict. It is read once, by the thread that answers or before the storage is closed.</summary>
    AppendOutcome ReadOutcome(PendingAppend pending)
    {
        try
        {
            lock (pending)
            {
                return pending.OutcomeRead ??= pending.Decision is AppendDecision.Repeat repeat
                    ? RepeatedAppend.Answer(pending.Append, repeat.Span, _reading)
                    : ConflictAnswer.For((AppendDecision.Conflict)pending.Decision!, _reading);
            }
        }
        finally
        {
            // Removed also if the read failed: it is not repeated, so the storage is not needed for it any more.
            lock (_toRead) _toRead.Remove(pending);
        }
    }

    AppendDecision Decide(PendingAppend pending, IAppendSession session)
    {
        session.Consider(pending.Snapshot);
        if (pending.Append.AppendId is { } id && session.FindAppend(id) is { } span) return new AppendDecision.Repeat(span);
        try
        {
            if (_options.Defect != Defect.NoConditions && ConditionCheck.Decide(pending, session, _reading, _options.Defect) is { } failing) return failing;
        }
        catch (FactstoneException unreadable)
        {
            // Only this append is refused, not the others of its group.
            return new AppendDecision.Failed(unreadable);
        }

        var receipt = session.Accept(pending.Append, Clock.Next());
        pending.Append.Acceptance?.Accept(receipt);
        pending.Receipt = receipt;
        return AppendDecision.Accepted;
    }

    /// <summary>The outcome of the appends that were to be written is unknown. The others wrote nothing, but the state that decided them may not be durable.</summary>
    void Fail(FactstoneException cause)
    {
        foreach (var pending in _group)
        {
            pending.Append.Acceptance?.Fail();
            pending.Decision = pending.Decision == AppendDecision.Accepted
                ? new AppendDecision.Unknown(pending.Receipt!, cause)
                : new AppendDecision.Failed(new LedgerFailedException($"Nothing of this append was written. {(cause as LedgerFailedException)?.Why ?? cause.Message}", cause));
        }
    }

    void CompleteGroup()
    {
        // Many callers that race for one stream are answered at once, so the lock is taken once for all of them.
        if (_group.Exists(NeedsReading))
            lock (_toRead) _toRead.UnionWith(_group.Where(NeedsReading));
        foreach (var pending in _group) Complete(pending);
    }

    void CompleteConflicts()
    {
        foreach (var pending in _group.Where(NeedsReading)) Complete(pending);
        _group.RemoveAll(NeedsReading);
    }

    static bool NeedsReading(PendingAppend pending) => pending.Decision is AppendDecision.Repeat or AppendDecision.Conflict;
}
