namespace Factstone;

/// <summary>One group of appends. Each append is decided on the state after the accepted ones before it. All are written at once.</summary>
/// <remarks>Threads: only the writer. The next <see cref="IFactAppending.Begin"/> ends it.</remarks>
internal interface IAppendSession
{
    /// <summary>Moves to the next append. All later calls are about it.</summary>
    /// <param name="snapshot">The result of <see cref="IFactAppending.Prepare"/> for the append. The session repeats lookups that are out of date.</param>
    void Consider(AppendSnapshot snapshot);

    /// <summary>The last position, including the appends accepted so far.</summary>
    Position Last { get; }

    /// <summary>The state of a stream, including the appends accepted so far.</summary>
    StreamState State(StreamName stream);

    /// <summary>The state of a cell, including the appends accepted so far.</summary>
    CellState StateOf(CellName cell);

    /// <summary>The version through which a stream is dropped, including the appends accepted so far; none when it was never truncated.</summary>
    StreamVersion DroppedThrough(StreamName stream);

    /// <summary>The first fact after a position that matches the query of a condition, including the appends accepted so far; none when no fact matches.</summary>
    /// <param name="condition">The number of the condition in its append, from 0.</param>
    /// <param name="query">Its query.</param>
    /// <param name="after">The position of the condition, or a later one that was accepted since.</param>
    /// <param name="heldOnly">Whether dropped facts do not count.</param>
    Position FirstMatch(int condition, FactQuery query, Position after, bool heldOnly);

    /// <summary>The facts of the append with this id; null when none is committed or accepted.</summary>
    AppendSpan? FindAppend(string appendId);

    /// <summary>The accepted append that wrote the last fact of a stream, and the index of the fact in it; null when no accepted one wrote to it.</summary>
    (PreparedAppend Append, int Index)? LastAccepted(StreamName stream);

    /// <summary>Assigns positions and versions to the append. <see cref="Commit"/> writes it.</summary>
    AppendReceipt Accept(PreparedAppend append, long recordedAt);

    /// <summary>Writes, syncs, and moves the head. When it returns, all accepted appends are durable and visible. If there are none, it returns at once.</summary>
    /// <exception cref="LedgerFullException">Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">Nothing was written, and nothing can be written until a reopen.</exception>
    /// <exception cref="GroupUnknownException">The group may or may not be durable.</exception>
    void Commit();
}
