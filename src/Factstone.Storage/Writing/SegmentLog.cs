namespace Factstone.Storage;

/// <summary>Makes groups durable: writes and syncs the log in the segments of the ledger's directory.</summary>
/// <remarks>
/// Always true: all bytes below <see cref="Tail"/> in the current segment, and all segments before it, are durable.
/// Threads: the pipeline's writer owns every field.
/// After a failed sync the group is written again, from memory, into the next segment: the kernel may have dropped the
/// pages, so a later sync of the same file that succeeds would prove nothing. If that fails too, the log refuses
/// appends until it is opened again.
/// </remarks>
internal sealed class SegmentLog(FactIndex index, SegmentChain chain, Preallocation space, IWorker zeroing, WriterGuard guard, StorageOptions options)
{
    /// <summary>The space reserved beyond a write, so that not every small append has to reserve space.</summary>
    const int ReserveBytes = 64 * 1_024;

    readonly GroupEncoder _encoder = new(options.Defect);
    Exception? _failure;
    long _lastTime;
    long _filledEnd;
    bool _isSealed;

    /// <summary>Whether appends are refused until a reopen.</summary>
    public bool HasFailed => _failure is not null;

    /// <summary>Whether a group was written that may or may not be durable. Only the next open finds out.</summary>
    public bool HasUnknown { get; private set; }

    /// <summary>Whether anything was written since the open.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>Where the log ends in its current segment.</summary>
    public long Tail { get; private set; }

    /// <summary>The offset at which the log continues.</summary>
    public LogLocation Location => chain.LocationAt(Tail);

    /// <summary>The segment that holds the group that was written last.</summary>
    public Segment Current => chain.Current;

    /// <summary>Continues the log at the end that the open has found.</summary>
    public void Continue(long tail, long lastTime, long preallocatedEnd)
    {
        Tail = tail;
        _lastTime = lastTime;
        chain.Current.Keep(tail);
        space.Follow(chain.Current.Path, tail, preallocatedEnd);
    }

    /// <summary>Writes a group and syncs it. When it returns, the group is durable, and <see cref="Tail"/> is after the group.</summary>
    /// <param name="group">The group. The method sets the offset of each append, fact and cell in it.</param>
    /// <param name="written">Called when the group is written but not synced, with the offset of its end.</param>
    /// <exception cref="LedgerFullException">Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">Nothing was written, and nothing can be written until a reopen.</exception>
    /// <exception cref="GroupUnknownException">The group may or may not be durable.</exception>
    public void Write(AppendGroup group, Action<long> written)
    {
        if (_failure is not null) throw new LedgerFailedException(_failure is LedgerFailedException { Why: var why } ? why : _failure.Message, _failure);
        ThrowIfLost();
        MakeRoom(group);
        WriteAndSync(group, written);
        ThrowIfDisplaced();
    }

    /// <summary>Called when the index contains the group: its bytes may then be mapped for reading.</summary>
    /// <param name="time">The time of its last append.</param>
    public void Keep(long time)
    {
        _lastTime = time;
        chain.Current.Keep(Tail);
    }

    /// <summary>Wakes the worker that preallocates space, when the tail is near the end of the preallocated space.</summary>
    public void Preallocate()
    {
        if (space.Advance(Tail)) zeroing.Wake();
    }

    /// <summary>Writes the closing frame of the session; durable when it returns. If it throws, there is no closing frame, and the next open does a recovery.</summary>
    public void Close()
    {
        var end = WriteMark(FrameKind.Closing, Tail);
        space.Dispose();

        // The space after the closing frame is preallocated and contains zeros. An open takes the length of the file as proof
        // that no process has written since.
        chain.Current.File.SetLength(end);
        chain.Current.File.Sync();
        Tail = end;
    }

    /// <summary>Called before a group is written. A group that is written next to another writer would damage that writer's log, and a group that is written to a deleted file is lost.</summary>
    void ThrowIfLost()
    {
        var why = guard.WhyLost() ?? (chain.Current.File.IsDeleted ? $"the segment '{chain.Current.Path}' was deleted" : null);
        if (why is null) return;
        var failure = new LedgerFailedException($"{why}; nothing of this append was written");
        _failure = new LedgerFailedException(why);
        throw failure;
    }

    /// <summary>Called after a group is durable. Another writer may have assigned the same positions, so the appends are not acknowledged.</summary>
    void ThrowIfDisplaced()
    {
        if (guard.WhyLost() is not { } why) return;
        var failure = new LedgerFailedException(why);
        _failure = failure;
        HasUnknown = true;
        throw new GroupUnknownException(failure);
    }

    /// <summary>Reserves space for the group where it will be written. It throws before anything is written.</summary>
    void MakeRoom(AppendGroup group)
    {
        var isFull = Tail > SegmentHeader.Bytes && Tail + group.BytesMax + FrameFormat.EmptyFrameBytes > options.SegmentSizeBytes;

        // A segment contains only what its format supports, because a version that knows no newer format may read it.
        var isTooOld = group.Format > chain.Current.Header.Format;
        try
        {
            if (isFull || isTooOld || _isSealed) Roll();
            Reserve(Tail + group.BytesMax + FrameFormat.EmptyFrameBytes);
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

    /// <summary>Ends the segment and starts the next one. If it fails half-way, the next call continues.</summary>
    void Roll()
    {
        var old = chain.Current;
        if (!_isSealed)
        {
            try
            {
                Tail = WriteMark(FrameKind.Seal, Tail);
            }
            catch (LedgerIOException)
            {
                // The seal only helps readers. The next segment records where this one ends, and everything before that end was
                // already durable.
            }

            _isSealed = true;
        }

        StartNext(Tail);
        options.BranchTaken?.Invoke(RecoveryBranch.SegmentRolled);
        TrimPreallocation(old, chain.Manifest.Last.PreviousEnd);
        old.Seal();
    }

    void StartNext(long previousEnd, Action<Segment>? fill = null)
    {
        var spare = space.TakeSpare(out var spareEnd);
        _filledEnd = SegmentHeader.Bytes;
        chain.StartNext(previousEnd, index.Next, _lastTime, spare, spareEnd, fill);
        Tail = _filledEnd;
        _isSealed = false;
        space.Follow(chain.Current.Path, Tail, chain.PreallocatedEnd);
    }

    void WriteAndSync(AppendGroup group, Action<long> written)
    {
        var start = Tail;
        var bytes = _encoder.Encode(group, chain.Current, start);
        try
        {
            chain.Current.File.Write(bytes, start);
            HasWritten = true;
            written(start + bytes.Length);
            chain.Current.File.Sync();
            Tail = start + bytes.Length;
        }
        catch (LedgerFullException)
        {
            // The exception comes from the write, never from the sync. Space was reserved, but some file systems need more
            // space even for a rewrite, or a quota has changed.
            options.BranchTaken?.Invoke(RecoveryBranch.FullWhileWriting);
            Erase(start, bytes.Length);
            throw;
        }
        catch (LedgerIOException failure)
        {
            MoveToNextSegment(group, start, failure);
        }
    }

    /// <summary>Writes the group again, from memory, into the next segment. What this segment contains of the group is after its live end.</summary>
    void MoveToNextSegment(AppendGroup group, long start, LedgerIOException failure)
    {
        var old = chain.Current;
        try
        {
            StartNext(start, next => WriteGroup(group, next));
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

    void WriteGroup(AppendGroup group, Segment next)
    {
        var bytes = _encoder.Encode(group, next, SegmentHeader.Bytes);
        next.File.Reserve(SegmentHeader.Bytes, bytes.Length);
        next.File.Write(bytes, SegmentHeader.Bytes);
        _filledEnd = SegmentHeader.Bytes + bytes.Length;
    }

    /// <summary>Overwrites what may have been written of a refused group, so that it cannot reappear after a crash.</summary>
    void Erase(long start, int length)
    {
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

    /// <summary>A full disk normally means that nothing was written, and that appends work again when there is space. Neither is true here, so the failure is reported as an I/O failure.</summary>
    static FactstoneException NotFull(FactstoneException failure, string operation) =>
        failure is LedgerFullException full ? new LedgerIOException(full.Path, operation, "there is no space left on the disk", full) : failure;

    /// <summary>Writes a frame without facts and syncs it.</summary>
    /// <returns>Where it ends.</returns>
    long WriteMark(FrameKind kind, long fileOffset)
    {
        Span<byte> bytes = stackalloc byte[FrameFormat.EmptyFrameBytes];
        var frame = new FrameBuilder(bytes, chain.Current, appendId: [], factCount: 0);
        var length = frame.Finish(kind, fileOffset, groupStart: fileOffset, index.Next, _lastTime);
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
            // A claim to space that was not reserved would stop the worker, or the worker would take the hole for space.
            space.Reserved(reserved);
        }
    }

    /// <summary>Returns where the reserved space now ends.</summary>
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
            // The file has grown by the last free space of the disk. It is cut, because the index can use that space. And a
            // ledger that is closed without an append must keep its length, or the next open takes it for one that was not closed.
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
            // The file keeps a little more space than it needs; nothing else depends on its length.
        }
    }

    LedgerFailedException Fail(LedgerIOException failure)
    {
        _failure = failure;
        return new LedgerFailedException(failure.Message, failure);
    }
}
