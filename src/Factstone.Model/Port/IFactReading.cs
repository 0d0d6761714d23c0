namespace Factstone;

/// <summary>The first part of the port: reads facts and cells.</summary>
/// <remarks>
/// Always true: <see cref="Head"/> moves only after the facts up to it are durable, and a read returns nothing beyond it.
/// Cancelling a read ends its wait for a writer, and its scan of the log where the index is damaged; a read that neither
/// waits nor scans may return instead. Threads: any number, next to one writer.
/// </remarks>
internal interface IFactReading
{
    LedgerId Id { get; }

    long Epoch { get; }

    /// <summary>The last position that the ledger has in common with its state in an earlier epoch.</summary>
    Position LastCommonWith(long epoch);

    /// <summary>Whether the storage is closed. Then the head no longer moves, and reads are refused.</summary>
    bool IsClosed { get; }

    /// <summary>The last durable position and its time.</summary>
    StorageHead Head { get; }

    /// <summary>Whether the end of the log is lost, so that <see cref="Head"/> may not be the last position.</summary>
    bool IsEndUnknown { get; }

    /// <summary>Whether facts that are not visible may turn out to be durable, with a time later than the head: those of an append whose outcome is unknown, or those that wait for free space to be recovered.</summary>
    bool MayHoldMore { get; }

    /// <summary>For a read-only storage: reads what the writer has published since the last refresh. Otherwise does nothing.</summary>
    /// <param name="cancellationToken">Ends the wait for another reader, and for a writer that replaces files.</param>
    void Refresh(CancellationToken cancellationToken);

    /// <summary>Returns when the head is beyond a position, or the storage is closed. May return earlier. In a read-only storage it returns within some milliseconds of the writer's publishing.</summary>
    ValueTask WaitForHeadAsync(Position beyond, CancellationToken cancellationToken);

    /// <summary>The last position recorded at or before a time.</summary>
    /// <exception cref="LedgerDamagedException">The time of a damaged fact is unknown, and the answer depends on it.</exception>
    Position PositionAt(long recordedBy, CancellationToken cancellationToken = default);

    /// <summary>The state of a stream at a position.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to the stream.</exception>
    StreamState StateAt(StreamName stream, Position until, CancellationToken cancellationToken = default);

    /// <summary>The position of the newest receipt of a truncation; none if no stream was ever truncated. Every dropped fact comes before it. Costs nothing in a ledger without truncations.</summary>
    Position LastTruncation { get; }

    /// <summary>Through which version a stream is dropped; null if it was never truncated. Reads of this port still return dropped facts: the ledger passes over them.</summary>
    /// <exception cref="LedgerDamagedException">The cell that says so is damaged.</exception>
    Truncated? FindTruncated(StreamName stream, CancellationToken cancellationToken = default);

    /// <summary>The number of facts of a stream between two versions, both included, and the positions of the first and the last of them.</summary>
    VersionExtent ExtentOf(StreamName stream, StreamVersion first, StreamVersion last, CancellationToken cancellationToken = default);

    /// <summary>The facts of the append with this id; null when no append at or below the head has it.</summary>
    AppendSpan? FindAppend(string appendId, CancellationToken cancellationToken = default);

    /// <summary>One fact; null when a repair has recorded it as lost.</summary>
    Fact? ReadAt(Position position, CancellationToken cancellationToken = default);

    /// <summary>The last fact of a stream at or below a position; null when there is none, or when that fact retracts.</summary>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or a damaged fact may belong to the stream.</exception>
    Fact? ReadLatest(StreamName stream, Position until, CancellationToken cancellationToken = default);

    /// <summary>The same, passed to a visitor in place; false when there is none.</summary>
    /// <exception cref="LedgerDamagedException">As with <see cref="ReadLatest"/>.</exception>
    bool VisitLatest(StreamName stream, Position until, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The same at the last position recorded at or before a time.</summary>
    /// <exception cref="LedgerDamagedException">As with <see cref="ReadLatest"/> and <see cref="PositionAt"/>.</exception>
    Fact? ReadLatestRecordedBy(StreamName stream, long recordedBy, CancellationToken cancellationToken = default);

    /// <summary>The facts of the whole ledger in order of position, forward from <paramref name="from"/> or backward from it. Includes Factstone's own facts; leaves out lost ones.</summary>
    IEnumerable<Fact> Read(Position from, Position until, bool backward, CancellationToken cancellationToken = default);

    /// <summary>The facts that match a checked query, after one position and up to another, in order of position: forward, or backward from the second one.</summary>
    /// <exception cref="LedgerDamagedException">The next match is damaged, or a damaged fact may match.</exception>
    IEnumerable<Fact> ReadQuery(FactQuery query, Position after, Position until, bool backward, CancellationToken cancellationToken = default);

    /// <summary>The number of facts that match a checked query, after one position and up to another.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may match.</exception>
    long CountQuery(FactQuery query, Position after, Position until, CancellationToken cancellationToken = default);

    /// <summary>The facts of one stream, forward from a version or backward from it, with positions up to <paramref name="until"/>.</summary>
    IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward, CancellationToken cancellationToken = default);

    /// <summary>Shows a visitor the facts of <see cref="Read"/> where they are stored, until it returns false. No lock and no reference to the storage is held while the visitor runs.</summary>
    void Fold(Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The same for the facts of <see cref="ReadQuery"/>.</summary>
    void FoldQuery(FactQuery query, Position after, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The same for the facts of <see cref="ReadStream"/>.</summary>
    void FoldStream(StreamName stream, StreamVersion from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The facts that give the records of a store their values, in the order of <see cref="Streams"/>, up to a limit.</summary>
    IEnumerable<Fact> ReadValues(string store, string prefix, string? after, Position until, long limit, CancellationToken cancellationToken);

    /// <summary>All stores in order, with the number of their facts and streams.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another store.</exception>
    IReadOnlyList<StoreCount> Stores(CancellationToken cancellationToken = default);

    /// <summary>The streams of a store in the order of their keys, each with its state at a position. Leaves out streams without a fact by then.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">The keys begin with it.</param>
    /// <param name="after">The keys come after it; null for all.</param>
    /// <param name="until">The position.</param>
    /// <param name="expected">How many streams the caller will probably take.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="LedgerDamagedException">A damaged fact at or below <paramref name="until"/> may belong to another key.</exception>
    IEnumerable<(StreamName Stream, StreamState State)> Streams(string store, string prefix, string? after, Position until, long expected, CancellationToken cancellationToken = default);

    /// <summary>The state of a cell now.</summary>
    /// <exception cref="LedgerDamagedException">A damaged frame may contain a newer write of it.</exception>
    CellState StateOf(CellName cell, CancellationToken cancellationToken = default);

    /// <summary>A cell with its value; null when it has none.</summary>
    /// <exception cref="LedgerDamagedException">The cell is damaged, or a damaged frame may contain a newer write of it.</exception>
    Cell? ReadCell(CellName cell, CancellationToken cancellationToken = default);

    /// <summary>The buckets in which a cell has a value, in the order of their bytes; Factstone's own included.</summary>
    /// <exception cref="LedgerDamagedException">A damaged part may hide a bucket.</exception>
    IEnumerable<string> CellBuckets(CancellationToken cancellationToken = default);

    /// <summary>The names in a bucket that have a value, with a prefix, after a name, in order. Each name is as of the moment it is returned.</summary>
    /// <exception cref="LedgerDamagedException">A damaged frame may contain another name.</exception>
    IEnumerable<string> CellNames(string bucket, string prefix, string? after, CancellationToken cancellationToken = default);

    /// <summary>The cells that the append with this id wrote; empty when it wrote none.</summary>
    IReadOnlyList<StoredCell> ReadAppendCells(string appendId, CancellationToken cancellationToken = default);
}
