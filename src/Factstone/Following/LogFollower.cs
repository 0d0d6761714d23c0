using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>A follower that reads the log of this process.</summary>
/// <remarks>It holds one buffer of facts and nothing else.</remarks>
internal sealed class LogFollower : Follower
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
    DroppedFilter? _dropped;

    /// <param name="reading">The storage of the ledger.</param>
    /// <param name="options">The options of the ledger.</param>
    /// <param name="query">A checked query.</param>
    /// <param name="after">Facts after this position are returned.</param>
    /// <param name="recordedFrom">Of these, only facts recorded at this time, in microseconds, or later.</param>
    /// <param name="bufferFacts">Facts read ahead.</param>
    public LogFollower(IFactReading reading, LedgerOptions options, FactQuery query, Position after, long recordedFrom, int bufferFacts)
    {
        _reading = reading;
        _options = options;
        Query = query;
        _recordedFrom = recordedFrom;
        _bufferFacts = bufferFacts;
        _after = after;
        _readUntil = _position = after.Value;
    }

    public override FactQuery Query { get; }

    public override Position Position => new(Volatile.Read(ref _position));

    public override LedgerCursor Cursor
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

    /// <summary>Called with what the follower passes over; null for nothing.</summary>
    public Action<DroppedFacts>? Dropped { get; init; }

    /// <summary>The cursor that it was opened with.</summary>
    public LedgerCursor? Start { get; init; }

    public override bool TryRead([NotNullWhen(true)] out Fact? fact)
    {
        while (true)
        {
            if (TryTake(out fact)) return true;
            if (Advance(CancellationToken.None) is FollowerStep.UpToHead or FollowerStep.Ended) return false;
        }
    }

    public override async ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
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

    public override async ValueTask<bool> WaitForAsync(Position position, CancellationToken cancellationToken = default)
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

    public override FollowerLag GetLag()
    {
        ObjectDisposedException.ThrowIf(_reading.IsClosed, typeof(Ledger));
        _reading.Refresh(CancellationToken.None);
        var (position, head) = (Position, _reading.Head.Position);
        if (position >= head) return default;
        var next = _reading.Read(position.Next(), head, backward: false).FirstOrDefault();
        var age = next is null ? TimeSpan.Zero : _options.TimeProvider.GetUtcNow() - next.RecordedAt;
        return new FollowerLag(head.Value - position.Value, age > TimeSpan.Zero ? age : TimeSpan.Zero);
    }

    internal override bool TryTake([NotNullWhen(true)] out Fact? fact)
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
            if (_dropped is not null) _dropped.Renew();
            else _dropped = DroppedFilter.Of(_reading, Dropped, CancellationToken.None);
            foreach (var fact in _reading.ReadQuery(Query, new Position(_readUntil), until, backward: false, cancellationToken))
            {
                // A fact that was in flight at the start can be older than the start time.
                if (fact.RecordedAtMicroseconds < _recordedFrom) continue;
                if (_dropped?.IsDropped(fact) == true) continue;
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
