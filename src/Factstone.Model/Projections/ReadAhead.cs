using System.Runtime.ExceptionServices;

namespace Factstone;

/// <summary>Reads the facts of a projection that is far behind on a thread of its own, while others are folded.</summary>
/// <remarks>
/// It also reads the values of facts that wait, if the steps before have asked for values: <see cref="Fact.Value"/> may be read by any thread.
/// At most three batches are in memory: one that is folded, one that waits, and one that is read. Threads: one takes batches.
/// </remarks>
internal sealed class ReadAhead
{
    readonly ProjectionSource _source;
    readonly object _changed = new();
    readonly CancellationToken _cancellation;
    readonly Task _reading;
    FactBatch? _waiting;
    bool _isComplete;
    volatile bool _isEnded;
    volatile bool _readsValues;

    /// <summary>Begins to read.</summary>
    /// <param name="source">The facts. Nobody else may read from it until this has ended.</param>
    /// <param name="after">The position before the first fact.</param>
    /// <param name="until">The position of the last one.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public ReadAhead(ProjectionSource source, Position after, Position until, CancellationToken cancellationToken)
    {
        (_source, _cancellation) = (source, cancellationToken);
        _reading = Task.Factory.StartNew(() => ReadAll(after, until), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The facts after a position; null if they are not those that come next. Waits until they are read.</summary>
    /// <exception cref="Exception">What the read has thrown.</exception>
    public FactBatch? TryTake(Position after)
    {
        FactBatch? batch;
        lock (_changed)
        {
            while (_waiting is null && !_isComplete) Monitor.Wait(_changed);
            (batch, _waiting) = (_waiting, null);
            Monitor.PulseAll(_changed);
        }

        if (batch is null) return null;
        batch.IsTaken = true;
        if (batch.After != after) return null;
        batch.Failure?.Throw();
        return batch;
    }

    /// <summary>Learns from a batch that was folded whether the steps ask for values.</summary>
    public void Folded(FactBatch batch) => _readsValues = batch.Facts.Count > 0 && batch.Facts[0].IsValueRead;

    /// <summary>Ends the reading, and waits for the batch that is read. Any thread may call it, and again.</summary>
    public void End()
    {
        lock (_changed)
        {
            _isEnded = true;
            Monitor.PulseAll(_changed);
        }

        _reading.GetAwaiter().GetResult();
    }

    void ReadAll(Position after, Position until)
    {
        try
        {
            FactBatch? before = null;
            while (after < until && !_isEnded)
            {
                var batch = Read(after, until);
                ReadValues(batch, before); // as long as the one before waits
                Offer(batch);
                if (batch.Failure is not null) return;
                ReadValues(batch, batch);
                (after, before) = (batch.Read, batch);
            }
        }
        catch (OperationCanceledException)
        {
            // Who takes the next batch is cancelled as well.
        }
        finally
        {
            lock (_changed)
            {
                _isComplete = true;
                Monitor.PulseAll(_changed);
            }
        }
    }

    FactBatch Read(Position after, Position until)
    {
        var batch = new FactBatch { After = after };
        try
        {
            batch.Read = _source.ReadAsync(after, until, batch.Facts, _cancellation).AsTask().GetAwaiter().GetResult();
            batch.ValuesFrom = batch.Facts.Count;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            batch.Failure = ExceptionDispatchInfo.Capture(failure); // who takes the batch throws it
        }

        return batch;
    }

    void Offer(FactBatch batch)
    {
        lock (_changed)
        {
            while (_waiting is not null && !_isEnded) Monitor.Wait(_changed);
            _waiting = batch;
            Monitor.PulseAll(_changed);
        }
    }

    /// <summary>Reads values as long as a batch waits to be folded: the last fact first, because the steps begin with the first.</summary>
    void ReadValues(FactBatch batch, FactBatch? waiting)
    {
        if (!_readsValues || waiting is null) return;
        for (; batch.ValuesFrom > 0 && !waiting.IsTaken && !_isEnded; batch.ValuesFrom--)
        {
            try
            {
                _ = batch.Facts[batch.ValuesFrom - 1].Value;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // The step meets the same, if it asks for the value. Or the batch is folded, and its list is empty.
            }
        }
    }
}

/// <summary>Facts of a projection that were read together.</summary>
internal sealed class FactBatch
{
    bool _isTaken;

    public List<Fact> Facts { get; } = [];

    /// <summary>The position before the first fact that was looked at.</summary>
    public Position After { get; set; }

    /// <summary>Every matching fact up to here is in the batch.</summary>
    public Position Read { get; set; }

    /// <summary>Why it could not be read.</summary>
    public ExceptionDispatchInfo? Failure { get; set; }

    /// <summary>The values of the facts from this index on were read.</summary>
    public int ValuesFrom { get; set; }

    /// <summary>Whether it is being folded.</summary>
    public bool IsTaken
    {
        get => Volatile.Read(ref _isTaken);
        set => Volatile.Write(ref _isTaken, value);
    }
}
