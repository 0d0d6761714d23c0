namespace Factstone.Storage;

/// <summary>Preallocates: fills the space after the tail of the log with zeros, and prepares the file of the next segment, in steps of a background worker.</summary>
/// <remarks>
/// A sync of preallocated space is much faster than one that grows the file. The log does not depend on it: where
/// preallocation is late or has stopped, the writer reserves space itself and does not wait.
/// Threads: the writer calls everything but <see cref="Step"/>. The lock is not held during I/O.
/// The worker has a handle of its own: the system reports a failed sync once to each handle, and must not report the
/// failure of the log's pages here instead of there.
/// Each spare has a name of its own: meanwhile, the writer may be creating a file itself, or renaming the last spare.
/// </remarks>
internal sealed class Preallocation(IFileSystem files, LedgerLayout layout, StorageOptions options) : IDisposable
{
    const int ChunkBytes = 256 * 1_024;

    static readonly byte[] Zeros = new byte[ChunkBytes];

    readonly object _gate = new();
    IStorageFile? _file;
    IStorageFile? _spare;
    long _spareEnd;
    int _sparesMade;
    long _tail;
    long _claimed;
    long _end;
    long _target;
    long _busyStart;
    bool _isSyncDue;
    bool _hasGivenUp;
    bool _isGone;
    bool _isWrittenTo;
    bool _isBusy;
    Work _work;
    int _stepBytes = options.PreallocationBytesMin;

    /// <summary>Where the preallocated space ends.</summary>
    public long End
    {
        get
        {
            lock (_gate) return _end;
        }
    }

    public bool IsEnabled => options.PreallocationBytesMax > 0;

    /// <summary>Switches to another segment, which already has space up to <paramref name="end"/>.</summary>
    public void Follow(string path, long tail, long end)
    {
        var file = IsEnabled ? files.Open(path, FileOpening.Existing) : null;
        lock (_gate)
        {
            WaitUntilIdle();
            _file?.Dispose();
            _file = file;
            _tail = tail;
            _claimed = tail;
            _end = end;
            _target = end;
            _isSyncDue = false;
            _hasGivenUp = false;
            _isWrittenTo = false;
        }
    }

    /// <summary>Called before the writer writes up to <paramref name="end"/>: afterwards, nothing below is zeroed.</summary>
    /// <returns>Where the preallocated space ends. The writer reserves the rest itself and then calls <see cref="Reserved"/>.</returns>
    public long Claim(long end)
    {
        lock (_gate)
        {
            _claimed = Math.Max(_claimed, end);
            WaitWhileBusy(end);
            return _end;
        }
    }

    /// <summary>Called after the writer has reserved space up to <paramref name="end"/>. If that is less than it claimed, the disk had no more space, and the writer writes nothing there.</summary>
    public void Reserved(long end)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            _claimed = Math.Min(_claimed, _end);
        }
    }

    /// <summary>Sets the new tail.</summary>
    /// <returns>Whether there is work for the worker.</returns>
    public bool Advance(long tail)
    {
        if (!IsEnabled) return false;
        lock (_gate)
        {
            _tail = tail;
            _isWrittenTo = true;
            return HasWork();
        }
    }

    /// <summary>The spare, with its preallocated space; null when there is none.</summary>
    public IStorageFile? TakeSpare(out long end)
    {
        lock (_gate)
        {
            var spare = _spare;
            end = _spareEnd;
            _spare = null;
            if (spare is not { IsDeleted: true }) return spare;

            // Somebody has deleted it, so it cannot get the name of a segment.
            spare.Dispose();
            end = 0;
            return null;
        }
    }

    /// <summary>Zeroes one chunk, syncs, or creates the spare.</summary>
    public bool Step()
    {
        if (!TryBegin(out var work)) return false;
        try
        {
            options.Interleave?.Invoke(InterleavingPoint.Zeroing);
        }
        catch
        {
            GiveUp();
            throw;
        }

        return Run(work);
    }

    /// <summary>One piece of work of the worker.</summary>
    /// <param name="File">The current segment's file.</param>
    /// <param name="From">The offset at which zeros are written.</param>
    /// <param name="Length">The number of zeros; 0 for a sync or a spare.</param>
    /// <param name="IsSync">Whether the zeros written earlier are made durable.</param>
    readonly record struct Work(IStorageFile File, long From, long Length, bool IsSync);

    bool TryBegin(out Work work)
    {
        work = default;
        lock (_gate)
        {
            if (!HasWork()) return false;
            var isSync = _isSyncDue && _end >= _target;
            if (!isSync && NeedsSpace() && _target <= _end)
            {
                _target = Math.Min(Math.Max(_end, _claimed) + _stepBytes, Math.Max(options.SegmentSizeBytes, _end));
                _stepBytes = (int)Math.Min(_stepBytes * 2L, options.PreallocationBytesMax);
            }

            var from = Math.Max(_end, _claimed);
            var length = isSync ? 0 : Math.Max(0, Math.Min(_target - from, ChunkBytes));
            _busyStart = length > 0 ? from : long.MaxValue;
            _isBusy = true;
            _work = work = new Work(_file!, from, length, isSync);
            return true;
        }
    }

    bool Run(in Work work)
    {
        try
        {
            // If one thread runs everything, the writer may have done this work already.
            if (options.Interleave is not null && !_isBusy) return true;
            if (work.IsSync) work.File.Sync();
            else if (work.Length > 0) work.File.Write(Zeros.AsSpan(0, (int)work.Length), work.From);
            else if (NeedsSpare()) MakeSpare();
            Done(work.IsSync, work.Length > 0 ? work.From + work.Length : 0);
            return true;
        }
        catch (FactstoneException)
        {
            // The disk is full or failing. The writer will fail in the same way, and reports it to its callers.
            GiveUp();
            return false;
        }
        catch
        {
            // No further step will run, so no thread may wait for one.
            lock (_gate) _isGone = true;
            GiveUp();
            throw;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            WaitUntilIdle();
            _file?.Dispose();
            _file = null;
            _spare?.Dispose();
            _spare = null;
        }
    }

    /// <summary>Waits for the current chunk if it begins below <paramref name="end"/>. A chunk takes a fraction of a millisecond, or a sync.</summary>
    void WaitWhileBusy(long end)
    {
        while (_isBusy && _busyStart < end) Wait();
    }

    void WaitUntilIdle()
    {
        while (_isBusy) Wait();
    }

    void Wait()
    {
        if (options.Interleave is null) Monitor.Wait(_gate);
        else Run(_work);
    }

    /// <remarks>False while the writer reserves space itself: the space after that is not yet contiguous with the preallocated space.</remarks>
    // A ledger that is opened and closed without an append must not change: it still counts as closed cleanly.
    bool HasWork() => _file is not null && _isWrittenTo && !_hasGivenUp && !_isGone && _claimed <= _end && (_end < _target || _isSyncDue || NeedsSpace() || NeedsSpare());

    bool NeedsSpace() => _end - _tail < _stepBytes / 2 && _end < options.SegmentSizeBytes;

    bool NeedsSpare() => _spare is null && _tail > options.SegmentSizeBytes / 4 * 3;

    void MakeSpare()
    {
        var path = $"{layout.Spare}.{++_sparesMade}";
        files.Delete(path);
        var spare = files.Open(path, FileOpening.CreateNew);
        try
        {
            var end = Math.Min(options.PreallocationBytesMin, options.SegmentSizeBytes);
            for (var at = 0L; at < end; at += ChunkBytes) spare.Write(Zeros.AsSpan(0, (int)Math.Min(ChunkBytes, end - at)), at);
            spare.Sync();
            lock (_gate) (_spare, _spareEnd) = (spare, end);
        }
        catch
        {
            spare.Dispose();
            files.Delete(path);
            throw;
        }
    }

    void Done(bool wasSync, long end)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            _isSyncDue = !wasSync && (_isSyncDue || end > 0);
            _isBusy = false;
            Monitor.PulseAll(_gate);
        }
    }

    void GiveUp()
    {
        lock (_gate)
        {
            _hasGivenUp = true;
            _isBusy = false;
            Monitor.PulseAll(_gate);
        }
    }
}
