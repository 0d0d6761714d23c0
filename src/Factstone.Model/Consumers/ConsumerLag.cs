namespace Factstone;

/// <summary>What a consumer has still to handle. Facts that do not match are no work, however many there are.</summary>
internal static class ConsumerLag
{
    /// <summary>The lag of a consumer whose checkpoint is at a position.</summary>
    public static async ValueTask<FollowerLag> MeasureAsync(ILedger ledger, FactQuery query, Position after, CancellationToken cancellationToken)
    {
        await foreach (var first in ledger.ReadAsync(query, new ReadOptions { From = after.Next(), Limit = 1 }, cancellationToken).ConfigureAwait(false))
            return ledger.OpenFollower(query, new FollowOptions { From = FollowStart.At(first.Position), BufferFacts = 1 }).GetLag();
        return default;
    }

    /// <summary>The position of the last fact that matches up to a position, after waiting for the ledger to reach that; 0 if there is none.</summary>
    /// <exception cref="ObjectDisposedException">The ledger was closed.</exception>
    public static async ValueTask<Position> LastMatchAsync(ILedger ledger, FactQuery query, Position until, CancellationToken cancellationToken)
    {
        if (until == Position.None) return until;
        if (await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false) < until)
        {
            var follower = ledger.OpenFollower(query, new FollowOptions { From = FollowStart.Now, BufferFacts = 1 });
            while (follower.Position < until)
            {
                ObjectDisposedException.ThrowIf(!await follower.WaitForAsync(until, cancellationToken).ConfigureAwait(false), ledger);
                while (follower.TryTake(out _)) { }
            }
        }

        await foreach (var last in ledger.ReadAsync(query, new ReadOptions { From = until, Backward = true, Limit = 1 }, cancellationToken).ConfigureAwait(false))
            return last.Position;
        return Position.None;
    }
}
