using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>A read without end: first the existing facts, then each new one when it is durable. In order of position; none is left out or returned twice.</summary>
/// <remarks>
/// <para>For one caller at a time; any thread may use <see cref="Position"/>, <see cref="Cursor"/> and <see cref="GetLag"/>. It holds one buffer
/// of facts and nothing else, so it needs no disposing. A slow or paused caller blocks nothing: it continues from the log.</para>
/// <para>Closing the ledger ends it: no further fact is returned, and an enumeration ends without an exception.
/// <see cref="Cursor"/> is the place to continue, here or in another process: <see cref="FollowStart.After(LedgerCursor)"/>.</para>
/// <para>A consumer that stores its progress waits with <see cref="WaitForAsync"/>, reads with <see cref="TryRead"/> until it returns false, and
/// stores <see cref="Cursor"/>. So its progress also moves past facts that do not match.</para>
/// <para>A second enumeration continues where the first ended.</para>
/// </remarks>
public sealed class Follower : IAsyncEnumerable<Fact>
{
    /// <summary>One step covers at most this many positions, so that closing or cancelling does not wait for a rare fact.</summary>
    const int PositionsPerStep = 32 * 1_024;

    readonly Lock _advancing = new();
    readonly IFactReading _reading;
    readonly int _bufferFacts;
    readonly LedgerOptions _options;
    readonly long _recordedFrom;
    readonly Position _after;
    readonly List<Fact> _buffer = [];
    int _given;
    long _readUntil;
    long _position;
    Fact? _lastGiven;

    /// <param name="reading">The storage of the ledger.</param>
    /// <param name="options">The options of the ledger.</param>
    /// <param name="query">A checked query.</param>
    /// <param name="after">Facts after this position are returned.</param>
    /// <param name="recordedFrom">Of these, only facts recorded at this time, in microseconds, or later.</param>
    /// <param name="bufferFacts">Facts read ahead.</param>
    internal Follower(IFactReading reading, LedgerOptions options, FactQuery query, Position after, long recordedFrom, int bufferFacts)
    {
        _reading = reading;
        _options = options;
        Query = query;
        _recordedFrom = recordedFrom;
        _bufferFacts = bufferFacts;
        _after = after;
        _readUntil = _position = after.Value;
    }

    /// <summary>The query that facts must match.</summary>
    public FactQuery Query { get; }

    /// <summary>The follower's progress: the position of the last fact returned, or a later one if nothing up to there had to be returned.</summary>
    /// <remarks>For showing and comparing. To continue later, store <see cref="Cursor"/>: nothing can check that a bare position was read in this ledger.</remarks>
    public Position Position => new(Volatile.Read(ref _position));

    /// <summary>The follower's progress, to continue with <see cref="FollowStart.After(LedgerCursor)"/>. A copy of the ledger that continued differently refuses it.</summary>
    /// <remarks>It contains the leaf of the fact at <see cref="Position"/>, which may have to be read for it. Once the ledger is closed, it is the cursor of the last fact returned, or of the start. No fact is returned twice from there, either.</remarks>
    public LedgerCursor Cursor
    {
        get
        {
            Fact? last;
            Position position;
            lock (_advancing) (last, position) = (_lastGiven, Position);
            if (last?.Position == position) return LedgerCursor.Of(_reading.Id, _reading.Epoch, last);
            try
            {
                return Cursors.At(_reading, position);
            }
            catch (ObjectDisposedException) when (_reading.IsClosed)
            {
                return last is not null ? LedgerCursor.Of(_reading.Id, _reading.Epoch, last) : Start ?? new LedgerCursor(_reading.Id, _reading.Epoch, _after);
            }
        }
    }

    /// <summary>The cursor that it was opened with.</summary>
    internal LedgerCursor? Start { get; init; }

    /// <summary>The next fact, if there is one up to the head; otherwise false, and also once the ledger is closed. Reads from the log if nothing is buffered, and never waits for new facts.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follower can start at the position after it.</exception>
    public bool TryRead([NotNullWhen(true)] out Fact? fact)
    {
        while (true)
        {
            if (TryTake(out fact)) return true;
            if (Advance(CancellationToken.None) is FollowerStep.UpToHead or FollowerStep.Ended) return false;
        }
    }

    /// <summary>Returns true when <see cref="TryRead"/> has a fact, and false once the ledger is closed. Completes at once unless the follower has reached the head.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follower can start at the position after it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the follower can be used again.</exception>
    public async ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (Advance(cancellationToken))
            {
                case FollowerStep.Found: return true;
                case FollowerStep.Ended: return false;
                case FollowerStep.UpToHead:
                    await _reading.WaitForHeadAsync(new Position(_readUntil), cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
    }

    /// <summary>Waits for a fact to read, or for the follower to reach a position, whichever is first. Then returns true; false once the ledger is closed.</summary>
    /// <remarks>
    /// Unlike <see cref="WaitToReadAsync"/> it also returns when only facts came that do not match: then <see cref="TryRead"/> returns false, and
    /// <see cref="Position"/> and <see cref="Cursor"/> are at or after <paramref name="position"/>. Completes at once if a fact is buffered, or if the
    /// position was reached before. It never goes past a fact that is to be returned.
    /// </remarks>
    /// <param name="position">From 0 on; it may be ahead of the ledger. The position after <see cref="Position"/> waits for any new fact; one further ahead waits for fewer wake-ups.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative, or higher than <see cref="Position.MaxValue"/>.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follower can start at the position after it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the follower can be used again.</exception>
    public async ValueTask<bool> WaitForAsync(Position position, CancellationToken cancellationToken = default)
    {
        if (position.Value is < 0 or > Position.MaxValue) throw new ArgumentOutOfRangeException(nameof(position), position, $"Positions are from 0 to {Position.MaxValue}.");
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var step = Advance(cancellationToken);
            if (step == FollowerStep.Found) return true;
            if (step == FollowerStep.Ended) return false;
            if (Position >= position) return true;
            if (step == FollowerStep.UpToHead) await _reading.WaitForHeadAsync(new Position(_readUntil), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How far it is behind the ledger now. Reads one fact, unless it has reached the head.</summary>
    /// <exception cref="LedgerDamagedException">The first fact after its position is damaged, so its time is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public FollowerLag GetLag()
    {
        ObjectDisposedException.ThrowIf(_reading.IsClosed, typeof(Ledger));
        _reading.Refresh(CancellationToken.None);
        var (position, head) = (Position, _reading.Head.Position);
        if (position >= head) return default;
        var next = _reading.Read(position.Next(), head, backward: false).FirstOrDefault();
        var age = next is null ? TimeSpan.Zero : _options.TimeProvider.GetUtcNow() - next.RecordedAt;
        return new FollowerLag(head.Value - position.Value, age > TimeSpan.Zero ? age : TimeSpan.Zero);
    }

    /// <summary>An enumeration without end; it ends when the ledger is closed.</summary>
    public IAsyncEnumerator<Fact> GetAsyncEnumerator(CancellationToken cancellationToken = default) => ReadAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    internal async IAsyncEnumerable<Fact> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (TryTake(out var fact))
            {
                yield return fact;
                cancellationToken.ThrowIfCancellationRequested(); // before the next one is taken, because a fact that is taken counts as returned
            }
        }
    }

    /// <summary>The next fact of the buffer.</summary>
    bool TryTake([NotNullWhen(true)] out Fact? fact)
    {
        lock (_advancing)
        {
            var isThere = _given < _buffer.Count && !_reading.IsClosed;
            fact = isThere ? _buffer[_given++] : null;
            if (fact is not null)
            {
                _lastGiven = fact;
                Volatile.Write(ref _position, fact.Position.Value);
            }

            return isThere;
        }
    }

    /// <summary>Reads on if nothing is buffered: one piece of work, which waits only for the disk.</summary>
    FollowerStep Advance(CancellationToken cancellationToken)
    {
        lock (_advancing)
        {
            if (_reading.IsClosed) return FollowerStep.Ended;
            if (_given < _buffer.Count) return FollowerStep.Found;
            _buffer.Clear();
            _given = 0;
            Volatile.Write(ref _position, _readUntil); // nothing else up to there is to be given
            if (_readUntil >= _reading.Head.Position.Value) _reading.Refresh(cancellationToken);
            var until = Math.Min(_reading.Head.Position.Value, _readUntil + PositionsPerStep);
            if (_readUntil >= until) return FollowerStep.UpToHead;

            try
            {
                ReadTo(new Position(until), cancellationToken);
            }
            catch (ObjectDisposedException) when (_reading.IsClosed)
            {
                return FollowerStep.Ended;
            }

            if (_buffer.Count > 0) return FollowerStep.Found;
            Volatile.Write(ref _position, _readUntil);
            return FollowerStep.MoreToRead;
        }
    }

    void ReadTo(Position until, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        try
        {
            foreach (var fact in _reading.ReadQuery(Query, new Position(_readUntil), until, backward: false, cancellationToken))
            {
                // A fact that was in flight at the start can be older than the start time.
                if (fact.RecordedAtMicroseconds < _recordedFrom) continue;
                bytes += fact.Header.Length + fact.MetadataBytes.Length + fact.Payload.Length;
                var isFull = bytes >= _options.FollowerBytesMax;
                if (!isFull || _options.Defect != Defect.FollowerSkipsAtByteBound) _buffer.Add(fact);
                _readUntil = fact.Position.Value;
                if (isFull || _buffer.Count == _bufferFacts) return;
            }

            _readUntil = until.Value;
        }
        catch (FactstoneException) when (_buffer.Count > 0)
        {
            // The facts before it are returned first; the next step meets the damage again.
        }
    }

    enum FollowerStep
    {
        Found = 1,
        MoreToRead = 2,
        UpToHead = 3,
        Ended = 4,
    }
}
