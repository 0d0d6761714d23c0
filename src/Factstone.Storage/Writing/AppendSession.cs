namespace Factstone.Storage;

/// <summary>The groups of the writer. Each group is decided, written to the log, added to the index, and published.</summary>
/// <remarks>
/// Always true: <c>HEAD</c> and the index cover durable appends only. Threads: the pipeline's writer owns every field.
/// </remarks>
internal sealed class AppendSession : IAppendSession
{
    readonly FactIndex _index;
    readonly SegmentLog _log;
    readonly HeadPublisher _publisher;
    readonly MergePace _pace;
    readonly StorageOptions _options;
    readonly Action<LogLocation> _writeRun;
    readonly Action<long> _written;
    readonly AppendGroup _group;

    /// <param name="index">The index.</param>
    /// <param name="lost">The facts that repairs have recorded as lost.</param>
    /// <param name="facts">Reads what a snapshot no longer covers.</param>
    /// <param name="queries">Reads the same by query.</param>
    /// <param name="truncations">Knows which streams were truncated.</param>
    /// <param name="log">Makes groups durable.</param>
    /// <param name="publisher">Publishes the end of the log.</param>
    /// <param name="pace">Slows merges down while a group is committed.</param>
    /// <param name="options">The options that the ledger was opened with.</param>
    /// <param name="writeRun">Makes a run of the memory part, for a planted defect.</param>
    public AppendSession(FactIndex index, LostFacts lost, IndexedReading facts, QueryReading queries, StreamTruncations truncations, SegmentLog log, HeadPublisher publisher, MergePace pace, StorageOptions options, Action<LogLocation> writeRun)
    {
        _index = index;
        _log = log;
        _publisher = publisher;
        _pace = pace;
        _options = options;
        _writeRun = writeRun;
        _written = Written;
        _group = new AppendGroup(index, lost, facts, queries, truncations, options);
    }

    /// <summary>Begins a group. An earlier group that was not committed leaves no trace.</summary>
    public void Begin() => _group.Refuse();

    public void Consider(AppendSnapshot snapshot) => _group.Consider((IndexSnapshot)snapshot);

    public Position Last => _group.Last;

    public StreamState State(StreamName stream) => _group.State(stream);

    public CellState StateOf(CellName cell) => _group.State(cell);

    public StreamVersion DroppedThrough(StreamName stream) => _group.DroppedThrough(stream);

    public Position FirstMatch(int condition, FactQuery query, Position after, bool heldOnly) => _group.FirstMatch(condition, query, after, heldOnly);

    public AppendSpan? FindAppend(string appendId) => _group.FindAppend(appendId);

    public (PreparedAppend Append, int Index)? LastAccepted(StreamName stream) => _group.LastAccepted(stream);

    public AppendReceipt Accept(PreparedAppend append, long recordedAt) => _group.Accept(append, recordedAt);

    public void Commit()
    {
        if (_group.IsEmpty) return;
        var isDurable = false;
        _pace.BeginCommit();
        try
        {
            _log.Write(_group, _written);
            isDurable = true;
            Apply();
        }
        finally
        {
            _pace.EndCommit();
            if (isDurable) _group.Clear();
            else _group.Refuse();
        }
    }

    /// <summary>Adds a durable group to the index and publishes it.</summary>
    void Apply()
    {
        if (_options.Defect == Defect.HeadBeforeIndex)
        {
            _publisher.Publish(new StorageHead(_group.Last, _group.LastTime), _log.Tail);
            _options.Interleave?.Invoke(InterleavingPoint.Publishing);
        }

        if (_options.Defect != Defect.RunOverUndurable) AddToIndex();
        var time = _group.LastTime;
        _index.Recorded(time);
        _log.Keep(time);
        _options.Interleave?.Invoke(InterleavingPoint.Publishing);
        _publisher.Publish(new StorageHead(new Position(_index.Next.Value - 1), time), _log.Tail);
        _log.Preallocate();
    }

    /// <summary>Called when the group is written but not synced.</summary>
    /// <param name="end">Where it ends in the current segment.</param>
    void Written(long end)
    {
        if (_options.Defect == Defect.RunOverUndurable)
        {
            AddToIndex();
            _writeRun(_log.Current.LocationOf(end));
        }

        if (_options.Defect == Defect.MapBeyondDurable) _log.Current.Keep(end);
        _options.Interleave?.Invoke(InterleavingPoint.GroupWritten);
        if (_options.Defect == Defect.HeadBeforeSync) _publisher.Publish(new StorageHead(_group.Last, _group.LastTime), end);
    }

    void AddToIndex()
    {
        var segment = _log.Current;
        var facts = _group.Facts;
        var cells = _group.Cells;
        var at = 0;
        foreach (ref readonly var accepted in _group.Appends)
        {
            var count = accepted.Append.Facts.Length;
            foreach (ref readonly var cell in cells[..accepted.Append.Cells.Length])
                _index.ApplyCell(cell.Cell, new CellEntry(cell.State.Version, cell.State.IsDeleted, cell.State.Digest, segment.LocationOf(cell.FileOffset)));
            foreach (ref readonly var fact in facts.Slice(at, count))
                _index.Add(segment, fact.FileOffset, accepted.RecordedAt, new Location(fact.State.Version, fact.State.Position, fact.State.IsRetracted), fact.Stream, fact.Type, fact.Tags);
            if (accepted.Append.AppendId is { } id)
                _index.AddAppend(id, new AppendSpan(accepted.First, count), accepted.Append.Cells.Length > 0 ? segment.LocationOf(accepted.FileOffset) : default);

            cells = cells[accepted.Append.Cells.Length..];
            at += count;
        }
    }
}
