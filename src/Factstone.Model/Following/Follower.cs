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
public abstract class Follower : IAsyncEnumerable<Fact>
{
    /// <summary>For implementations of <see cref="ILedger"/>.</summary>
    protected Follower() { }

    /// <summary>The query that facts must match.</summary>
    public abstract FactQuery Query { get; }

    /// <summary>The follower's progress: the position of the last fact returned, or a later one if nothing up to there had to be returned.</summary>
    /// <remarks>For showing and comparing. To continue later, store <see cref="Cursor"/>: nothing can check that a bare position was read in this ledger.</remarks>
    public abstract Position Position { get; }

    /// <summary>The follower's progress, to continue with <see cref="FollowStart.After(LedgerCursor)"/>. A copy of the ledger that continued differently refuses it.</summary>
    /// <remarks>It contains the leaf of the fact at <see cref="Position"/>, which may have to be read for it. Once the ledger is closed, it is the cursor of the last fact returned, or of the start. No fact is returned twice from there, either.</remarks>
    public abstract LedgerCursor Cursor { get; }

    /// <summary>The next fact, if there is one up to the head; otherwise false, and also once the ledger is closed. Reads from the log if nothing is buffered, and never waits for new facts.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follower can start at the position after it.</exception>
    public abstract bool TryRead([NotNullWhen(true)] out Fact? fact);

    /// <summary>Returns true when <see cref="TryRead"/> has a fact, and false once the ledger is closed. Completes at once unless the follower has reached the head.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follower can start at the position after it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the follower can be used again.</exception>
    public abstract ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default);

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
    public abstract ValueTask<bool> WaitForAsync(Position position, CancellationToken cancellationToken = default);

    /// <summary>How far it is behind the ledger now. Reads one fact, unless it has reached the head.</summary>
    /// <exception cref="LedgerDamagedException">The first fact after its position is damaged, so its time is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public abstract FollowerLag GetLag();

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

    /// <summary>The next fact that was read ahead; false if there is none. A follower of another assembly may read it from the log.</summary>
    internal virtual bool TryTake([NotNullWhen(true)] out Fact? fact) => TryRead(out fact);
}
