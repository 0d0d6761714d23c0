using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>Puts published appends in the order of their positions, whatever the order in which their outcomes arrive.</summary>
/// <remarks>
/// Always true: an append that begins after another is known to be committed gets a later position. So each append in flight has a
/// position that its facts come after, and these positions ascend in the order in which the appends began. A committed append is taken
/// when no append in flight can come before it. It never waits for an append that began after its outcome was known. Threads: any number.
/// </remarks>
internal sealed class PublishOrder
{
    readonly Lock _lock = new();
    readonly LinkedList<Position> _inFlight = [];
    readonly PriorityQueue<Published, Position> _committed = new();
    Position _last;
    bool _isTaken;

    /// <summary>An append begins.</summary>
    public LinkedListNode<Position> Begin()
    {
        lock (_lock) return _inFlight.AddLast(_last);
    }

    /// <summary>An append has ended.</summary>
    /// <param name="append">What <see cref="Begin"/> returned.</param>
    /// <param name="committed">Its facts; null if it was not committed, or has none.</param>
    /// <returns>Whether the caller has to take what is committed now, because nobody does.</returns>
    public bool End(LinkedListNode<Position> append, Published? committed)
    {
        lock (_lock)
        {
            _inFlight.Remove(append);
            if (committed is not null)
            {
                _committed.Enqueue(committed, committed.First);
                if (committed.Last > _last) _last = committed.Last;
            }

            if (_isTaken || !HasNext) return false;
            _isTaken = true;
            return true;
        }
    }

    /// <summary>Takes the next append in order. If it returns false, the caller takes no more.</summary>
    public bool TryTake([NotNullWhen(true)] out Published? next)
    {
        lock (_lock)
        {
            _isTaken = HasNext;
            next = _isTaken ? _committed.Dequeue() : null;
            return next is not null;
        }
    }

    bool HasNext => _committed.TryPeek(out var next, out _) && (_inFlight.First is not { } oldest || next.Last <= oldest.Value);
}
