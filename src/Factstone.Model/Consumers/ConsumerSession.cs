using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>One ownership of a consumer: from the takeover of its checkpoint until another owner takes it over.</summary>
/// <remarks>
/// Always true: the checkpoint is at or before the follower's position, and only moves forward. It never passes a fact that was
/// returned and not committed.
/// Threads: one reads, one at a time commits.
/// </remarks>
internal sealed class ConsumerSession(ILedger ledger, string name, ConsumerOptions options, Checkpoint checkpoint, CellVersion version, Follower follower)
{
    Checkpoint _checkpoint = checkpoint;
    CellVersion _version = version;
    Fact? _lastReturned;
    bool _isUncertain;
    int _isCommitting;

    /// <summary>The position of the checkpoint that this session wrote last.</summary>
    public Position Position => Volatile.Read(ref _checkpoint).Cursor.Position;

    /// <summary>Whether a fact was returned and not committed.</summary>
    bool IsWaitedFor => Volatile.Read(ref _lastReturned)?.Position > Position;

    /// <summary>Waits for a fact to return, or until as many positions have passed as the checkpoint may stay behind. False once the ledger is closed.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) =>
        follower.WaitForAsync(new Position(Math.Min(follower.Position.Value + options.PassedPositionsMax, Position.MaxValue)), cancellationToken);

    public bool TryTake([NotNullWhen(true)] out Fact? fact)
    {
        if (!follower.TryTake(out fact)) return false;
        Volatile.Write(ref _lastReturned, fact);
        return true;
    }

    /// <summary>Appends a request together with the checkpoint.</summary>
    /// <exception cref="ConsumerOvertakenException">The checkpoint is no longer the one that this session wrote.</exception>
    public async ValueTask<AppendReceipt> CommitAsync(Position through, AppendRequest request, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isCommitting, 1) != 0) throw new InvalidOperationException($"Another commit of consumer '{name}' is running. Await it first.");
        try
        {
            if (through <= Position)
                throw new ArgumentOutOfRangeException(nameof(through), $"Position {through} was committed before: the checkpoint of consumer '{name}' is at position {Position}. Nothing was written.");
            if (through > follower.Position)
                throw new ArgumentOutOfRangeException(nameof(through), $"Position {through} was not read yet: consumer '{name}' has read up to position {follower.Position}. Nothing was written.");
            if (_isUncertain)
                throw new InvalidOperationException($"It is unknown whether an earlier commit of consumer '{name}' was written. Open the ledger again and follow again: that begins after the checkpoint. Nothing was written.");
            return await WriteAsync(through, request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isCommitting, 0);
        }
    }

    /// <summary>Moves the checkpoint past positions without a fact to return, if there are enough of them, and no fact that was returned waits for its commit.</summary>
    /// <returns>Whether it was moved.</returns>
    public async ValueTask<bool> PassAsync(CancellationToken cancellationToken)
    {
        // Before the flag is set: as long as a fact waits for its commit, that commit can come at any time, and must not meet the flag.
        if (IsWaitedFor || Interlocked.Exchange(ref _isCommitting, 1) != 0) return false;
        try
        {
            var read = follower.Position;
            if (_isUncertain || read.Value - Position.Value < options.PassedPositionsMax) return false;
            await WriteAsync(read, new AppendRequest(), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (FactstoneException notNow) when (notNow.IsTransient)
        {
            return false; // such as a full disk: nothing is lost if the checkpoint moves later
        }
        catch (ObjectDisposedException)
        {
            return false; // the ledger was closed meanwhile, which ends the follow
        }
        finally
        {
            Volatile.Write(ref _isCommitting, 0);
        }
    }

    async ValueTask<AppendReceipt> WriteAsync(Position through, AppendRequest request, CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _lastReturned);
        var cursor = last?.Position == through
            ? LedgerCursor.Of(ledger.Id, ledger.Epoch, last)
            : await ledger.GetCursorAsync(through, cancellationToken).ConfigureAwait(false);
        var checkpoint = _checkpoint with { Cursor = cursor };

        // The condition is the first one, so that an overtaken owner learns that, whatever else does not hold. Only the owner that
        // wrote the checkpoint knows its version, so nobody else's append can pass it.
        var owned = AppendCondition.CellAt(Checkpoint.Bucket, name, _version);
        var outcome = await ledger.TryAppendAsync(
            request with { Cells = [.. request.Cells, checkpoint.ToCell(name)], Conditions = [owned, .. request.Conditions] },
            cancellationToken).ConfigureAwait(false);

        if (outcome is AppendOutcome.Conflict conflict && conflict.Condition == owned)
            throw new ConsumerOvertakenException(name, _version, conflict.ActualCellVersion);
        _isUncertain = outcome is AppendOutcome.Unknown;
        var receipt = outcome.EnsureCommittedOrDuplicate();
        _version = receipt.CellVersions[^1].Version;
        Volatile.Write(ref _checkpoint, checkpoint);
        return receipt;
    }
}
