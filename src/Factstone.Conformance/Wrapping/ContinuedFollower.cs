using System.Diagnostics.CodeAnalysis;

namespace Factstone.Conformance.Wrapping;

/// <summary>A follower of a <see cref="ContinuedLedger"/>. After a reopen it goes on from its position, and its caller does not notice.</summary>
/// <remarks>For one caller at a time, as every follower.</remarks>
internal sealed class ContinuedFollower : Follower
{
    readonly ContinuedLedger _ledger;
    Opening _opening;
    Follower _inner;

    public ContinuedFollower(ContinuedLedger ledger, FactQuery query, FollowOptions? options)
    {
        _ledger = ledger;
        (_opening, _inner) = Repeated(opening => (opening, opening.Ledger.OpenFollower(query, options)));
    }

    public override FactQuery Query => _inner.Query;

    public override Position Position => _inner.Position;

    public override LedgerCursor Cursor => Repeated(opening => Renewed(opening).Cursor);

    public override FollowerLag GetLag() => Repeated(opening => Renewed(opening).GetLag());

    /// <summary>False also if the ledger stops: then the next wait goes on with the opened one.</summary>
    public override bool TryRead([NotNullWhen(true)] out Fact? fact)
    {
        var opening = _ledger.Present;
        try
        {
            return Renewed(opening).TryRead(out fact);
        }
        catch (Exception) when (IsOver(opening))
        {
            fact = null;
            return false;
        }
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => WaitAsync(static (inner, ct) => inner.WaitToReadAsync(ct), cancellationToken);

    public override ValueTask<bool> WaitForAsync(Position position, CancellationToken cancellationToken = default) => WaitAsync((inner, ct) => inner.WaitForAsync(position, ct), cancellationToken);

    async ValueTask<bool> WaitAsync(Func<Follower, CancellationToken, ValueTask<bool>> wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _ledger.SettledAsync(cancellationToken);
            var opening = _ledger.Present;
            try
            {
                var inner = Renewed(opening);
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, opening.Stopped);
                if (await wait(inner, ends.Token)) return true;
                if (!IsOver(opening)) return false; // closed for good
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested && IsOver(opening))
            {
                // Goes on below, with the ledger as it is opened next.
            }

            if (_ledger.IsClosed) return false;
            await _ledger.ReopenStoppedAsync(opening, cancellationToken);
        }
    }

    bool IsOver(Opening opening) => opening.Stopped.IsCancellationRequested || _ledger.IsReplaced(opening);

    Follower Renewed(Opening opening)
    {
        if (opening != _opening) (_inner, _opening) = (opening.Ledger.OpenFollower(Query, new FollowOptions { From = FollowStart.After(_inner.Position) }), opening);
        return _inner;
    }

    /// <summary>Calls until the ledger is not reopened meanwhile. It blocks, because these members of a follower return at once.</summary>
    T Repeated<T>(Func<Opening, T> call)
    {
        while (true)
        {
            _ledger.SettledAsync(CancellationToken.None).GetAwaiter().GetResult();
            var opening = _ledger.Present;
            try
            {
                return call(opening);
            }
            catch (Exception) when (IsOver(opening))
            {
                Task.Run(() => _ledger.ReopenStoppedAsync(opening, CancellationToken.None)).GetAwaiter().GetResult();
            }
        }
    }
}
