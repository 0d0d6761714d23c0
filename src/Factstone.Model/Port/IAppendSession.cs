namespace Factstone;

/// <summary>One group of appends. Each is decided on the state that the accepted ones before it leave, and all are written at once.</summary>
/// <remarks>Threads: the writer's only. The next <see cref="IFactAppending.Begin"/> ends it.</remarks>
internal interface IAppendSession
{
    /// <summary>Turns to the next append. All later questions are about it.</summary>
    /// <param name="snapshot">What <see cref="IFactAppending.Prepare"/> read for it. The session reads again what is out of date.</param>
    void Consider(AppendSnapshot snapshot);

    /// <summary>The last position, with the appends accepted so far.</summary>
    Position Last { get; }

    /// <summary>The state of a stream, with the appends accepted so far.</summary>
    StreamState State(StreamName stream);

    /// <summary>The state of a cell, with the appends accepted so far.</summary>
    CellState StateOf(CellName cell);

    /// <summary>The first fact after a position that matches the query of a condition, with the appends accepted so far; none when none does.</summary>
    /// <param name="condition">The number of the condition in its append, from 0.</param>
    /// <param name="query">Its query.</param>
    /// <param name="after">A durable position.</param>
    Position FirstMatch(int condition, FactQuery query, Position after);

    /// <summary>The facts of the append with this id; null when none is committed or accepted.</summary>
    AppendSpan? FindAppend(string appendId);

    /// <summary>The accepted append that wrote the last fact of a stream, and the index of the fact in it; null when no accepted one wrote to it.</summary>
    (PreparedAppend Append, int Index)? LastAccepted(StreamName stream);

    /// <summary>Assigns positions and versions to the append. <see cref="Commit"/> writes it.</summary>
    AppendReceipt Accept(PreparedAppend append, long recordedAt);

    /// <summary>Writes, syncs, and moves the head. When it returns, all accepted appends are durable and visible. Without any it returns at once.</summary>
    /// <exception cref="LedgerFullException">Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">Nothing was written, and nothing can be until a reopen.</exception>
    /// <exception cref="GroupUnknownException">The group may or may not be durable.</exception>
    void Commit();
}
