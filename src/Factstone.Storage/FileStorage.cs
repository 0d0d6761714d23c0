namespace Factstone.Storage;

/// <summary>A ledger in files: opened, read and appended to.</summary>
/// <remarks>
/// Always true: <see cref="Head"/> is durable, and the index says all there is to say up to it. Threads: one at a time
/// appends; any number read. A read-only opener reads under a lock when it takes in what is new.
/// </remarks>
internal sealed class FileStorage : IFactStorage
{
    readonly Lock _refreshing = new();
    readonly LedgerLayout _layout;
    readonly StorageOptions _options;
    readonly IDisposable? _directoryLock;
    readonly LedgerOpening? _opening;
    readonly ReadOnlyOpening? _reading;
    readonly List<Damage> _foundByReading = [];
    readonly DamageLog _damage = new();
    readonly FactIndex _index;
    readonly SpaceAhead? _space;
    readonly IWorker? _zeroing;
    readonly LogWriter? _writer;
    StrongBox _head = new(default);
    bool _isContinued;
    volatile bool _hidesFacts;
    int _isDisposed;

    FileStorage(IFileSystem files, LedgerLayout layout, StorageOptions options, LedgerOpening opening, IDisposable directoryLock)
    {
        _layout = layout;
        _options = options;
        _directoryLock = directoryLock;
        _opening = opening;
        _index = opening.Index;
        _damage.Add([.. opening.Damage]);
        Id = opening.Manifest.LedgerId;
        Epoch = opening.Manifest.Epoch;
        SetHead(new StorageHead(new Position(_index.Next.Value - 1), opening.LastTime));
        _hidesFacts = opening.HidesFacts;
        if (opening.Chain is not { } chain) return;

        _space = new SpaceAhead(files, layout, options);
        _zeroing = options.Crank.Start("factstone zeroing", _space.Step);
        _writer = new LogWriter(_index, chain, _space, _zeroing, options, Publish);
    }

    FileStorage(LedgerLayout layout, StorageOptions options, ReadOnlyOpening reading, List<Damage> damage)
    {
        _layout = layout;
        _options = options;
        _reading = reading;
        _index = reading.Index;
        _foundByReading = damage;
        _damage.Add([.. damage]);
        Id = reading.Manifest.LedgerId;
        Epoch = reading.Manifest.Epoch;
        SetHead(PublishedHead());
    }

    public LedgerId Id { get; }

    public long Epoch { get; }

    public string Location => _layout.Root;

    public bool IsReadOnly => _reading is not null;

    public OpeningReport Opening { get; private set; } = new();

    public StorageHead Head => Volatile.Read(ref _head).Value;

    public bool MayHoldMore => _hidesFacts || _writer?.HasUnknown == true;

    public IReadOnlyList<Damage> Damage => _damage.All;

    /// <summary>Opens a ledger for writing; makes one where there is none.</summary>
    public static FileStorage Open(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken)
    {
        var started = options.Time.GetTimestamp();
        var layout = new LedgerLayout(root);
        if (files.FileExists(root)) throw new LedgerIOException(root, "opening a ledger", "it is a file, and a ledger is a directory");
        files.CreateDirectory(root);
        files.CreateDirectory(layout.Segments);
        var directoryLock = LedgerLock.Take(files, layout, options, cancellationToken);
        var opening = new LedgerOpening(files, layout, options);
        FileStorage? storage = null;
        try
        {
            opening.Run();
            storage = new FileStorage(files, layout, options, opening, directoryLock);
            if (opening.Chain is not null && opening.Pending is null)
            {
                storage.ContinueLog();
                storage.PublishOpening();
            }

            storage.Opening = opening.Report with { Duration = options.Time.GetElapsedTime(started) };
            return storage;
        }
        catch
        {
            // Before the lock is free: a worker that went on would zero what the next writer has written.
            storage?.StopZeroing();
            opening.CloseFiles();
            directoryLock.Dispose();
            throw;
        }
        finally
        {
            opening.Dispose();
        }
    }

    /// <summary>Opens a ledger beside its writer, or without one; changes nothing.</summary>
    public static FileStorage OpenReadOnly(IFileSystem files, string root, StorageOptions options)
    {
        var started = options.Time.GetTimestamp();
        var layout = new LedgerLayout(root);
        if (files.FileExists(root)) throw new LedgerNotFoundException(root, "it is a file, and a ledger is a directory.");
        if (!files.DirectoryExists(root) || !files.DirectoryExists(layout.Segments))
            throw new LedgerNotFoundException(root, "the directory does not hold one. The first append makes one: factstone append orders/42 placed '{\"total\":50}'");

        options.Took?.Invoke(RecoveryBranch.ReadOnlyOpen);
        var damage = new List<Damage>();
        var reading = new ReadOnlyOpening(files, layout, options, new FactIndex(options.Defect), damage);
        try
        {
            reading.Run();
            return new FileStorage(layout, options, reading, damage) { Opening = reading.Report with { Duration = options.Time.GetElapsedTime(started) } };
        }
        catch
        {
            reading.CloseFiles();
            throw;
        }
    }

    public void Refresh()
    {
        if (_reading is not { } reading) return;
        lock (_refreshing)
        {
            if (_isDisposed != 0 || !reading.Refresh()) return;
            SetHead(PublishedHead());
            _damage.Add([.. _foundByReading]);
        }
    }

    public StreamState StateAt(StreamName stream, Position until)
    {
        var state = _index.Find(stream)?.StateAt(until) ?? default;
        RefuseHole(stream, state.Position, until);
        return state;
    }

    public AppendSpan? FindAppend(string appendId)
    {
        if (_index.FindAppend(appendId) is { } span) return span.Last <= Head.Position ? span : null;

        // An id is in the header of its frame; where facts are missing, a header may be missing too.
        if (Damage.Count > 0) throw new LedgerDamagedException($"Whether there is an append '{appendId}' cannot be told.", Damage);
        return null;
    }

    public Position PositionAt(long recordedBy)
    {
        var head = Head;
        var position = _index.PositionAt(_options.Defect == Defect.RecordedByIsExclusive ? recordedBy - 1 : recordedBy, head.Position);

        // A fact without a header has no time: it may have been recorded before or after.
        if (recordedBy < head.RecordedAt && _index.IsHole(position))
            throw new LedgerDamagedException($"Whether position {position} was recorded by then cannot be told.", _damage.At(position));
        return position;
    }

    public IEnumerable<Fact> Read(Position from, Position until, bool backward)
    {
        using var window = NewWindow(isLong: true);
        var reader = new FactReader(_index, _damage, window);
        if (backward)
            for (var position = from <= until ? from : until; position > Position.None; position = new Position(position.Value - 1)) yield return reader.Read(position);
        else
            for (var position = from > Position.None ? from : new Position(1); position <= until; position = position.Next()) yield return reader.Read(position);
    }

    public IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward)
    {
        if (_index.Find(stream) is not { } entry)
        {
            RefuseHole(stream, Position.None, until);
            yield break;
        }

        using var window = NewWindow(isLong: false);
        var reader = new FactReader(_index, _damage, window);
        var end = StreamEntry.CountUntil(entry.Places, until);
        if (backward)
        {
            // Whoever begins at the end is told first if the end is unknown.
            if (from.Value > Position.MaxValue) from = StreamVersion.None;
            var start = from > StreamVersion.None ? Math.Min(end, StreamEntry.CountBelow(entry.Places, from.Next())) : end;
            if (start == end) RefuseHole(stream, end == 0 ? Position.None : entry.Places[end - 1].Position, until);

            // Where a later version is known, all versions below it were written.
            var expectedBelow = start < end ? from.Value : start > 0 ? entry.Places[start - 1].Version.Value : 0;
            for (var i = start - 1; i >= 0; i--)
            {
                if (entry.Places[i].Version.Value != expectedBelow) RefuseGap(stream, new StreamVersion(expectedBelow), entry.Places[i].Position, i + 1 < end ? entry.Places[i + 1].Position : until);
                yield return reader.Read(entry.Places[i].Position);
                expectedBelow--;
            }

            if (expectedBelow > 0) RefuseGap(stream, new StreamVersion(expectedBelow), Position.None, entry.Places[0].Position);
            yield break;
        }

        var first = StreamEntry.CountBelow(entry.Places, from);
        var expected = Math.Max(from.Value, 1);
        for (var i = first; i < end; i++)
        {
            yield return Checked(stream, entry, i, expected, reader);
            expected++;
        }

        RefuseHole(stream, end == 0 ? Position.None : entry.Places[end - 1].Position, until);
    }

    public Fact ReadAt(Position position)
    {
        using var window = NewWindow(isLong: false);
        return new FactReader(_index, _damage, window).Read(position);
    }

    public IEnumerable<string> Keys(string store, string prefix, string? after, Position until)
    {
        var hole = _index.FirstHole(Position.None, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"Whether {store} has another key, from position {hole}, cannot be told.", _damage.At(hole));
        return _index.FindStore(store)?.Keys(prefix, after) ?? [];
    }

    public IAppendSession BeginAppend()
    {
        if (_writer is null || Damage.Count > 0) throw new LedgerDamagedException("Nothing was appended: the ledger is damaged.", Damage);
        if (!_isContinued)
        {
            _opening!.Resume();
            ContinueLog();
            PublishOpening();
            Opening = _opening.Report;
        }

        if (_opening!.HasUnlistedSegments) _opening.RemoveUnlistedSegments();
        return _writer;
    }

    public StorageStatistics Statistics()
    {
        var segments = _opening?.Chain?.Manifest.Segments ?? _opening?.Manifest.Segments ?? _reading!.Manifest.Segments;
        var tail = _writer is { } writer && _isContinued ? writer.Tail : _reading?.Published?.FileOffset ?? 0;
        return new StorageStatistics(Head.Position.Value, _index.Streams, _index.Stores, _index.AppendIds, segments.Count, segments.Skip(1).Sum(segment => segment.PreviousEnd) + tail);
    }

    /// <summary>For a read-only opener: bytes behind the published end that are not zeros.</summary>
    public long UnpublishedBytes() => _reading?.UnpublishedBytes() ?? 0;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        try
        {
            if (_writer is not null) CloseLog(_writer);
        }
        finally
        {
            StopZeroing();
            _opening?.CloseFiles();
            lock (_refreshing)
            {
                _reading?.Dispose();
                _reading?.CloseFiles();
            }

            _directoryLock?.Dispose();
        }
    }

    void StopZeroing()
    {
        _zeroing?.Stop();
        _space?.Dispose();
    }

    void CloseLog(LogWriter writer)
    {
        var isUnchanged = !writer.HasWritten && _opening!.Report.WasClosedCleanly;
        if (!_isContinued || isUnchanged || writer.HasFailed || Damage.Count > 0) return;
        try
        {
            writer.Close();
            _opening!.Head.PublishDurably(Slot(Head, writer.Tail, isClean: true));
            _options.Took?.Invoke(RecoveryBranch.ClosedCleanly);
        }
        catch (FactstoneException)
        {
            // Nothing that was acknowledged depends on a clean close: the next open finds no mark, and recovers.
        }
    }

    void ContinueLog()
    {
        _writer!.Continue(_opening!.Tail, _opening.LastTime, _opening.SpaceEnd);
        _isContinued = true;
    }

    /// <summary>Says where the log goes on, after anything but a clean open, which leaves nothing to say.</summary>
    void PublishOpening()
    {
        var head = new StorageHead(new Position(_index.Next.Value - 1), _opening!.LastTime);
        SetHead(head);
        _hidesFacts = false;
        if (!_opening.Report.WasClosedCleanly || _opening.Report.HeadWasRebuilt)
            _opening.Head.PublishDurably(Slot(head, _opening.Tail, isClean: _opening.Report.WasClosedCleanly));
        _opening.TryRemoveLeftovers();
    }

    void Publish(StorageHead head, long fileOffset)
    {
        _opening!.Head.Publish(Slot(head, fileOffset, isClean: false));
        SetHead(head);
    }

    HeadSlot Slot(StorageHead head, long fileOffset, bool isClean)
    {
        var chain = _opening!.Chain!;
        var segment = chain.Current.Header;
        return new HeadSlot
        {
            Sequence = 0,
            LedgerId = Id,
            Epoch = Epoch,
            ManifestGeneration = chain.Manifest.Generation,
            Position = head.Position,
            RecordedAt = head.RecordedAt,
            SegmentBase = segment.BasePosition,
            SegmentGeneration = segment.Generation,
            FileOffset = fileOffset,
            IsClean = isClean,
        };
    }

    StorageHead PublishedHead() => _reading!.Published is { } slot
        ? new StorageHead(_options.Defect == Defect.ReadBeyondHead ? new Position(_index.Next.Value - 1) : slot.Position, slot.RecordedAt)
        : new StorageHead(new Position(_index.Next.Value - 1), _index.LastTime);

    void SetHead(StorageHead head) => Volatile.Write(ref _head, new StrongBox(head));

    Fact Checked(StreamName stream, StreamEntry entry, int place, long expectedVersion, FactReader reader)
    {
        var found = entry.Places[place];
        if (found.Version.Value != expectedVersion) RefuseGap(stream, new StreamVersion(expectedVersion), place == 0 ? Position.None : entry.Places[place - 1].Position, found.Position);
        return reader.Read(found.Position);
    }

    /// <summary>A fact whose header is damaged may be of any stream: who would have to know whether it is of this one is told that nobody knows.</summary>
    void RefuseHole(StreamName stream, Position after, Position until)
    {
        var hole = _index.FirstHole(after, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"Whether {stream} has a fact at position {hole} cannot be told.", _damage.At(hole));
    }

    void RefuseGap(StreamName stream, StreamVersion version, Position after, Position before)
    {
        var hole = _index.FirstHole(after, before);
        throw new LedgerDamagedException($"Version {version} of {stream} cannot be read.", hole > Position.None ? _damage.At(hole) : Damage);
    }

    static FileWindow NewWindow(bool isLong) => isLong ? new FileWindow(16 * 1_024, 1_024 * 1_024) : new FileWindow(2 * 1_024, 256 * 1_024);

    /// <summary>Lets a reader see position and time of the head together.</summary>
    sealed class StrongBox(StorageHead value)
    {
        public StorageHead Value { get; } = value;
    }
}
