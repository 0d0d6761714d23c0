namespace Factstone.Storage;

/// <summary>Appends groups to the log. The only writer.</summary>
/// <remarks>
/// Always true: all below <see cref="_tail"/> in the current segment, and all segments before it, are durable; HEAD and
/// the index say nothing beyond. Threads: the pipeline's writer owns every field.
/// After a failed sync the group is written again, from memory, into the next segment: the kernel may have dropped the
/// pages, so a later sync of the same file that succeeds would prove nothing. If that fails too, the log refuses
/// appends until it is opened again.
/// </remarks>
internal sealed class LogWriter(FactIndex index, LostFacts lost, IndexedReading facts, QueryReading queries, SegmentChain chain, Preallocation space, IWorker zeroing, WriterGuard guard, StorageOptions options, Action<StorageHead, long> publish, Action<LogLocation> writeRun)
    : IAppendSession
{
    /// <summary>Reserved beyond a write, so that small appends do not reserve each for itself.</summary>
    const int ReserveBytes = 64 * 1_024;

    readonly AppendGroup _group = new(index, lost, facts, queries, options);
    readonly GroupEncoder _encoder = new(options.Defect);
    Exception? _failure;
    long _tail;
    long _filledEnd;
    bool _isSealed;

    /// <summary>The time of the last append.</summary>
    public long LastTime { get; private set; }

    /// <summary>Whether appends are refused until a reopen.</summary>
    public bool HasFailed => _failure is not null;

    /// <summary>Whether a group was written of which only the next open knows whether it is durable.</summary>
    public bool HasUnknown { get; private set; }

    /// <summary>Whether anything was written since the open.</summary>
    public bool HasWritten { get; private set; }

    public long Tail => _tail;

    /// <summary>Where the log goes on.</summary>
    public LogLocation Location => chain.LocationAt(_tail);

    /// <summary>Takes the end of the log over from the open.</summary>
    public void Continue(long tail, long lastTime, long preallocatedEnd)
    {
        _tail = tail;
        LastTime = lastTime;
        chain.Current.Keep(tail);
        space.Follow(chain.Current.Path, tail, preallocatedEnd);
    }

    /// <summary>Begins a group. One that was let go before it was committed leaves nothing.</summary>
    public void Begin() => _group.Refuse();

    public void Consider(AppendSnapshot snapshot) => _group.Consider((IndexSnapshot)snapshot);

    public StreamState State(StreamName stream) => _group.State(stream);

    public CellState StateOf(CellName cell) => _group.State(cell);

    public Position Last => _group.Last;

    public Position FirstMatch(int condition, FactQuery query, Position after) => _group.FirstMatch(condition, query, after);

    public AppendSpan? FindAppend(string appendId) => _group.FindAppend(appendId);

    public (PreparedAppend Append, int Index)? LastAccepted(StreamName stream) => _group.LastAccepted(stream);

    public AppendReceipt Accept(PreparedAppend append, long recordedAt) => _group.Accept(append, recordedAt);

    public void Commit()
    {
        if (_group.IsEmpty) return;
        var isWritten = false;
        try
        {
            if (_failure is not null) throw new LedgerFailedException(_failure is LedgerFailedException { Why: var why } ? why : _failure.Message, _failure);
            ThrowIfLost();
            MakeRoom();
            isWritten = WriteAndSync();
            Apply();
        }
        finally
        {
            if (isWritten) _group.Clear();
            else _group.Refuse();
        }
    }

    /// <summary>Marks the end of the session; durable when it returns. Where it throws there is no mark, and the next open recovers.</summary>
    public void Close()
    {
        var end = WriteMark(FrameKind.Closing, _tail);
        space.Dispose();

        // The space after the closing frame is preallocated and contains zeros. An open takes the length of the file as proof
        // that nobody has written since.
        chain.Current.File.SetLength(end);
        chain.Current.File.Sync();
        _tail = end;
    }

    /// <summary>Before a group is written: what is written where another writer goes on spoils its log, and what is written to a file without a name is lost.</summary>
    void ThrowIfLost()
    {
        var why = guard.WhyLost() ?? (chain.Current.File.IsDeleted ? $"the segment '{chain.Current.Path}' was deleted" : null);
        if (why is null) return;
        var failure = new LedgerFailedException($"{why}; nothing of this append was written");
        _failure = new LedgerFailedException(why);
        throw failure;
    }

    /// <summary>After a group is durable: another writer may have given the same positions to others meanwhile, so nobody is told that these facts have them.</summary>
    void ThrowIfDisplaced()
    {
        if (guard.WhyLost() is not { } why) return;
        var failure = new LedgerFailedException(why);
        _failure = failure;
        HasUnknown = true;
        throw new GroupUnknownException(failure);
    }

    /// <summary>Sees to it that the group fits where it will be written. Throws before anything is written.</summary>
    void MakeRoom()
    {
        var isFull = _tail > SegmentHeader.Bytes && _tail + _group.BytesMax + FrameFormat.EmptyFrameBytes > options.SegmentSizeBytes;

        // A segment holds only what its format knows, since it may be read by a version that knows no other.
        var isTooOld = _group.Format > chain.Current.Header.Format;
        try
        {
            if (isFull || isTooOld || _isSealed) Roll();
            Reserve(_tail + _group.BytesMax + FrameFormat.EmptyFrameBytes);
        }
        catch (LedgerFullException)
        {
            options.BranchTaken?.Invoke(RecoveryBranch.FullBeforeWrite);
            throw;
        }
        catch (LedgerIOException failure)
        {
            throw Fail(failure);
        }
    }

    /// <summary>Ends the segment and starts the next. Where it stops half-way, the next call goes on.</summary>
    void Roll()
    {
        var old = chain.Current;
        if (!_isSealed)
        {
            try
            {
                _tail = WriteMark(FrameKind.Seal, _tail);
            }
            catch (LedgerIOException)
            {
                // The seal is a help to readers; what counts is where the next segment says that this one ends, and that was durable before.
            }

            _isSealed = true;
        }

        StartNext(_tail);
        options.BranchTaken?.Invoke(RecoveryBranch.SegmentRolled);
        TrimPreallocation(old, chain.Manifest.Last.PreviousEnd);
        old.Seal();
    }

    void StartNext(long previousEnd, Action<Segment>? fill = null)
    {
        var spare = space.TakeSpare(out var spareEnd);
        _filledEnd = SegmentHeader.Bytes;
        chain.StartNext(previousEnd, index.Next, LastTime, spare, spareEnd, fill);
        _tail = _filledEnd;
        _isSealed = false;
        space.Follow(chain.Current.Path, _tail, chain.PreallocatedEnd);
    }

    /// <summary>Returns whether the group is durable; throws when nothing of it was written, or when nobody knows.</summary>
    bool WriteAndSync()
    {
        var start = _tail;
        var bytes = _encoder.Encode(_group, chain.Current, start);
        try
        {
            chain.Current.File.Write(bytes, start);
            HasWritten = true;
            if (options.Defect == Defect.RunOverUndurable)
            {
                AddToIndex();
                writeRun(chain.Current.LocationOf(start + bytes.Length));
            }

            if (options.Defect == Defect.MapBeyondDurable) chain.Current.Keep(start + bytes.Length);
            options.Interleave?.Invoke(InterleavingPoint.GroupWritten);
            if (options.Defect == Defect.HeadBeforeSync) publish(new StorageHead(_group.Last, _group.LastTime), start + bytes.Length);
            Sync();
            _tail = start + bytes.Length;
        }
        catch (LedgerFullException)
        {
            // From the write, never from the sync. Space was reserved, but some file systems give none for a rewrite
            // either, or a quota came in between.
            options.BranchTaken?.Invoke(RecoveryBranch.FullWhileWriting);
            Erase(start, bytes.Length);
            throw;
        }
        catch (LedgerIOException failure)
        {
            MoveGroupToNextSegment(start, failure);
        }

        ThrowIfDisplaced();
        return true;
    }

    void Sync()
    {
        if (options.Defect == Defect.NoSync) return;
        try
        {
            chain.Current.File.Sync();
        }
        catch (LedgerIOException) when (options.Defect == Defect.RetryFailedSync)
        {
            chain.Current.File.Sync();
        }
    }

    /// <summary>Writes the group again, from memory, into the next segment. What was written of it here is behind this segment's live end.</summary>
    void MoveGroupToNextSegment(long start, LedgerIOException failure)
    {
        var old = chain.Current;
        try
        {
            StartNext(start, WriteGroup);
            old.Seal();
            options.BranchTaken?.Invoke(RecoveryBranch.SyncFailedAndMoved);
        }
        catch (FactstoneException second)
        {
            options.BranchTaken?.Invoke(RecoveryBranch.SyncFailedAndUnknown);
            _failure = NotFull(second, "writing a group again");
            HasUnknown = true;
            throw new GroupUnknownException(failure);
        }
    }

    void WriteGroup(Segment next)
    {
        var bytes = _encoder.Encode(_group, next, SegmentHeader.Bytes);
        next.File.Reserve(SegmentHeader.Bytes, bytes.Length);
        next.File.Write(bytes, SegmentHeader.Bytes);
        _filledEnd = SegmentHeader.Bytes + bytes.Length;
    }

    /// <summary>Overwrites what may have been written of a refused group, so that no crash brings it back.</summary>
    void Erase(long start, int length)
    {
        if (options.Defect == Defect.LeaveHalfWritten) return;
        try
        {
            var file = chain.Current.File;
            var written = Math.Min(length, file.Length - start);
            if (written > 0) file.Write(new byte[written], start);
            file.Sync();
        }
        catch (FactstoneException failure)
        {
            var cause = NotFull(failure, "taking back a group that was refused");
            _failure = cause;
            HasUnknown = true;
            throw new GroupUnknownException(cause);
        }
    }

    /// <summary>That nothing was written and appends work again when there is room, which a full disk says elsewhere, does not hold here.</summary>
    static FactstoneException NotFull(FactstoneException failure, string operation) =>
        failure is LedgerFullException full ? new LedgerIOException(full.Path, operation, "there is no space left on the disk", full) : failure;

    void Apply()
    {
        if (options.Defect == Defect.HeadBeforeIndex)
        {
            publish(new StorageHead(_group.Last, _group.LastTime), _tail);
            options.Interleave?.Invoke(InterleavingPoint.Publishing);
        }

        if (options.Defect != Defect.RunOverUndurable) AddToIndex();
        LastTime = _group.LastTime;
        index.Recorded(LastTime);
        chain.Current.Keep(_tail);
        options.Interleave?.Invoke(InterleavingPoint.Publishing);
        publish(new StorageHead(new Position(index.Next.Value - 1), LastTime), _tail);
        if (space.Advance(_tail)) zeroing.Wake();
    }

    void AddToIndex()
    {
        var segment = chain.Current;
        var facts = _group.Facts;
        var cells = _group.Cells;
        var at = 0;
        foreach (ref readonly var accepted in _group.Appends)
        {
            var count = accepted.Append.Facts.Length;
            foreach (ref readonly var cell in cells[..accepted.Append.Cells.Length])
                index.ApplyCell(cell.Cell, new CellEntry(cell.State.Version, cell.State.IsDeleted, cell.State.Digest, segment.LocationOf(cell.FileOffset)));
            foreach (ref readonly var fact in facts.Slice(at, count))
                index.Add(segment, fact.FileOffset, accepted.RecordedAt, new Location(fact.State.Version, fact.State.Position, fact.State.IsRetracted), fact.Stream, fact.Type, fact.Tags);
            if (accepted.Append.AppendId is { } id)
                index.AddAppend(id, new AppendSpan(accepted.First, count), accepted.Append.Cells.Length > 0 ? segment.LocationOf(accepted.FileOffset) : default);

            cells = cells[accepted.Append.Cells.Length..];
            at += count;
        }
    }

    /// <summary>Writes a frame without facts and syncs it.</summary>
    /// <returns>Where it ends.</returns>
    long WriteMark(FrameKind kind, long fileOffset)
    {
        Span<byte> bytes = stackalloc byte[FrameFormat.EmptyFrameBytes];
        var frame = new FrameBuilder(bytes, chain.Current, appendId: [], factCount: 0);
        var length = frame.Finish(kind, fileOffset, groupStart: fileOffset, index.Next, LastTime);
        Reserve(fileOffset + length);
        chain.Current.File.Write(bytes[..length], fileOffset);
        chain.Current.File.Sync();
        return fileOffset + length;
    }

    void Reserve(long end)
    {
        var available = space.Claim(end);
        if (available >= end) return;
        var reserved = available;
        try
        {
            reserved = ReserveFrom(available, end);
        }
        finally
        {
            // A claim to space that is not there would keep the worker from its work, or let it take the hole for space.
            space.Reserved(reserved);
        }
    }

    /// <summary>Returns where the space that is there now ends.</summary>
    long ReserveFrom(long available, long end)
    {
        var wanted = Math.Max(Math.Min(end + ReserveBytes, options.SegmentSizeBytes), end);
        try
        {
            chain.Current.File.Reserve(available, wanted - available);
            return wanted;
        }
        catch (LedgerFullException) when (wanted > end)
        {
            return ReserveExactly(available, end);
        }
    }

    long ReserveExactly(long available, long end)
    {
        try
        {
            chain.Current.File.Reserve(available, end - available);
            return end;
        }
        catch (LedgerFullException)
        {
            // The file has grown by what the disk still had. The index can use that; and a ledger that is closed as it
            // was opened must have the length that it had, or the next open takes it for one that was not closed.
            TrimPreallocation(chain.Current, available);
            throw;
        }
    }

    static void TrimPreallocation(Segment segment, long end)
    {
        try
        {
            segment.File.SetLength(end);
        }
        catch (FactstoneException)
        {
            // It takes a little more space than it needs; nothing else depends on it.
        }
    }

    LedgerFailedException Fail(LedgerIOException failure)
    {
        _failure = failure;
        return new LedgerFailedException(failure.Message, failure);
    }
}
