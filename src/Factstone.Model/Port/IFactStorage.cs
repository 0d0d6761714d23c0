namespace Factstone;

/// <summary>What the ledger asks of a storage: the engine of files, in a directory or in memory.</summary>
/// <remarks>
/// Threads: one at a time appends; any number read meanwhile. A reader sees positions up to <see cref="Head"/> only,
/// and <see cref="Head"/> is moved only after the facts up to it are durable.
/// </remarks>
internal interface IFactStorage : IDisposable
{
    LedgerId Id { get; }

    long Epoch { get; }

    /// <summary>The last position that the ledger has in common with what it was in an earlier epoch.</summary>
    Position LastCommonWith(long epoch);

    string Location { get; }

    bool IsReadOnly { get; }

    OpeningReport Opening { get; }

    /// <summary>Whether it is disposed of: the head does not move any more, and whoever reads is refused.</summary>
    bool IsClosed { get; }

    /// <summary>The last durable position and its time.</summary>
    StorageHead Head { get; }

    /// <summary>Whether the end of the log is lost, so that nobody knows whether <see cref="Head"/> is the last position.</summary>
    bool IsEndUnknown { get; }

    /// <summary>Whether facts that are not shown may turn out to be durable, recorded later than the head: those of an append whose outcome is unknown, or that wait for room to be recovered.</summary>
    bool MayHoldMore { get; }

    /// <summary>Damage known so far. While there is any, appends are refused.</summary>
    IReadOnlyList<Damage> Damage { get; }

    /// <summary>Workers that an unforeseen exception has stopped; for a read-only opener those of the last writer.</summary>
    IReadOnlyList<WorkerFailure> WorkerFailures { get; }

    /// <summary>For a read-only opener: takes in what the writer has published since. Otherwise does nothing.</summary>
    /// <param name="cancellationToken">Ends the wait for another reader, and for a writer that replaces files.</param>
    void Refresh(CancellationToken cancellationToken);

    /// <summary>Returns when the head is beyond a position, or no more will come because the storage is closed. May return earlier; for a read-only opener, within some milliseconds of the writer's publishing.</summary>
    ValueTask WaitForHeadAsync(Position beyond, CancellationToken cancellationToken);

    /// <summary>A stream will be looked for soon: where that begins is on its way by then.</summary>
    void Prefetch(StreamName stream);

    /// <summary>The last fact of a stream at or below a position.</summary>
    /// <exception cref="LedgerDamagedException">It cannot be told, because a damaged fact may belong to the stream.</exception>
    StreamState StateAt(StreamName stream, Position until);

    /// <summary>Where the append with this id is; null when none at or below the head has it.</summary>
    AppendSpan? FindAppend(string appendId);

    /// <summary>Up to where <see cref="Prepare"/> would look now, as its snapshot says it.</summary>
    long PreparedUntil { get; }

    /// <summary>Reads what the writer will need to decide an append and does not have in memory.</summary>
    /// <exception cref="LedgerDamagedException">It cannot be told.</exception>
    AppendSnapshot Prepare(PreparedAppend append);

    /// <summary>The last position recorded at or before a time.</summary>
    /// <exception cref="LedgerDamagedException">It cannot be told, because the time of a damaged fact is unknown.</exception>
    Position PositionAt(long recordedBy);

    /// <summary>Facts of the whole ledger, Factstone's own included and those left out that are gone for good, in order of position, forward from <paramref name="from"/> or backward from it.</summary>
    IEnumerable<Fact> Read(Position from, Position until, bool backward);

    /// <summary>Facts that match a query which has been checked, behind one position and up to another, which is included; in order of position, forward, or backward from the second.</summary>
    /// <exception cref="LedgerDamagedException">The next fact that matches is damaged, or whether a damaged one matches cannot be told.</exception>
    IEnumerable<Fact> ReadQuery(FactQuery query, Position after, Position until, bool backward);

    /// <summary>How many facts match a query which has been checked, behind one position and up to another, which is included.</summary>
    /// <exception cref="LedgerDamagedException">Whether a damaged fact matches cannot be told.</exception>
    long CountQuery(FactQuery query, Position after, Position until);

    /// <summary>Facts of one stream with versions from <paramref name="from"/> on, or backward from it, positions up to <paramref name="until"/>.</summary>
    IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward);

    /// <summary>Shows the facts that <see cref="Read"/> gives, where they stand, until the visitor has seen enough. Nothing is held while it looks.</summary>
    void Fold(Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The same for those that <see cref="ReadQuery"/> gives.</summary>
    void FoldQuery(FactQuery query, Position after, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>The same for those that <see cref="ReadStream"/> gives.</summary>
    void FoldStream(StreamName stream, StreamVersion from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken);

    /// <summary>One fact; null where it is gone for good, as a repair has found.</summary>
    Fact? ReadAt(Position position);

    /// <summary>The last fact of a stream at or below a position; null where it has none there, or that one retracts.</summary>
    /// <exception cref="LedgerDamagedException">It is damaged, or a damaged fact may be of this stream.</exception>
    Fact? ReadLatest(StreamName stream, Position until);

    /// <summary>The facts that <see cref="Streams"/> names and that give their records a value, up to a limit. Some are looked for together, a few ahead of the one that is returned.</summary>
    IEnumerable<Fact> ReadValues(string store, string prefix, string? after, Position until, long limit, CancellationToken cancellationToken);

    /// <summary>All stores in order, with what is in them.</summary>
    /// <exception cref="LedgerDamagedException">They cannot be told, because a damaged fact may be of another store.</exception>
    IReadOnlyList<StoreCount> Stores();

    /// <summary>The streams of a store whose keys have a prefix, after a key, in order, each with its last fact at or below a position; without those that have none there.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">What the keys begin with.</param>
    /// <param name="after">The key that they come behind; null for all.</param>
    /// <param name="until">The position.</param>
    /// <param name="expected">How many will probably be asked for.</param>
    /// <exception cref="LedgerDamagedException">They cannot be told, because a damaged fact at or below <paramref name="until"/> may be of another key.</exception>
    IEnumerable<(StreamName Stream, StreamState State)> Streams(string store, string prefix, string? after, Position until, long expected);

    /// <summary>What is so of a cell now.</summary>
    /// <exception cref="LedgerDamagedException">It cannot be told, because a damaged frame may hold a newer write of it.</exception>
    CellState StateOf(CellName cell);

    /// <summary>A cell with its value; null when it has none.</summary>
    /// <exception cref="LedgerDamagedException">It is damaged, or cannot be told.</exception>
    Cell? ReadCell(CellName cell);

    /// <summary>The names in a bucket that have a value, with a prefix, after a name, in order, each as it is when it is reached.</summary>
    /// <exception cref="LedgerDamagedException">They cannot be told, because a damaged frame may hold another.</exception>
    IEnumerable<string> CellNames(string bucket, string prefix, string? after);

    /// <summary>The cells that the append with this id wrote; none where it wrote none.</summary>
    IReadOnlyList<StoredCell> ReadAppendCells(string appendId);

    /// <summary>Opens the tail for a group of appends. The one caller commits it, or lets it go, before it opens the next.</summary>
    IAppendSession BeginAppend();

    StorageStatistics Statistics();
}

/// <summary>A group of appends at the exact head, each decided on what the ones before it leave.</summary>
internal interface IAppendSession
{
    /// <summary>Turns to the next append; what is asked from here on is asked for it.</summary>
    void Consider(AppendSnapshot snapshot);

    /// <summary>The head of a stream, with the appends accepted so far.</summary>
    StreamState State(StreamName stream);

    /// <summary>What is so of a cell, with the appends accepted so far.</summary>
    CellState StateOf(CellName cell);

    /// <summary>The last position, with the appends accepted so far.</summary>
    Position Last { get; }

    /// <summary>The first fact behind a position that matches the query of a condition, with the appends accepted so far; none when none does.</summary>
    /// <param name="condition">The number of the condition in its append, from 0.</param>
    /// <param name="query">Its query.</param>
    /// <param name="after">A durable position.</param>
    Position FirstMatch(int condition, FactQuery query, Position after);

    /// <summary>Whether an append with this id is committed or accepted here.</summary>
    AppendSpan? FindAppend(string appendId);

    /// <summary>The accepted append that wrote the last fact of a stream and the fact's index there; null when no accepted one wrote to it.</summary>
    (PreparedAppend Append, int Index)? LastAccepted(StreamName stream);

    /// <summary>Gives the append its positions and versions; it is written by <see cref="Commit"/>.</summary>
    AppendReceipt Accept(PreparedAppend append, long recordedAt);

    /// <summary>Writes, syncs, and moves the head. When it returns, all accepted appends are durable and visible; without any it returns at once.</summary>
    /// <exception cref="LedgerFullException">Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">Nothing was written, and nothing will be until a reopen.</exception>
    /// <exception cref="GroupUnknownException">The group may or may not be durable.</exception>
    void Commit();
}

/// <summary>The sync of a group failed, and so did writing it again elsewhere.</summary>
internal sealed class GroupUnknownException(FactstoneException cause) : Exception(cause.Message, cause)
{
    public FactstoneException Cause { get; } = cause;
}

/// <summary>The last durable position and the time of its append.</summary>
internal readonly record struct StorageHead(Position Position, long RecordedAt);

/// <summary>The last fact of a stream, as of some point.</summary>
internal readonly record struct StreamState(StreamVersion Version, Position Position, bool IsRetracted)
{
    public bool HasValue => Version > StreamVersion.None && !IsRetracted;
}

/// <summary>Where the facts of one append are; of one without facts, the position that would have come next.</summary>
internal readonly record struct AppendSpan(Position First, int Count)
{
    public Position Last => new(First.Value + Count - 1);

    /// <summary>Only of an append of which facts are gone for good: when it was recorded, as far as that is known.</summary>
    public long RecordedAt { get; init; }

    /// <summary>Whether facts of it are gone for good.</summary>
    public bool IsIncomplete { get; init; }
}

/// <summary>What a ledger holds and takes.</summary>
internal sealed record StorageStatistics(long Facts, long Streams, long Stores, long AppendIds, long Cells, int Segments, long SegmentBytes, int Runs, long RunBytes)
{
    /// <summary>Whether there are so many runs that appends wait for merges.</summary>
    public bool IsAppendingSlowed { get; init; }

    /// <summary>How far rebuilds of damaged index files are, in facts, cells or append ids; zeros where there are none.</summary>
    public (long Done, long Total) IndexRebuild { get; init; }

    /// <summary>Whether the disk has too little free space for index files.</summary>
    public bool IsIndexShortOfSpace { get; init; }
}

/// <summary>How many facts and streams a store has.</summary>
internal readonly record struct StoreCount(string Store, long Facts, long Streams);
