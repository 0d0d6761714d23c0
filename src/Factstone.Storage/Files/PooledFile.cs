namespace Factstone.Storage;

/// <summary>A file that a <see cref="FilePool"/> opens for reads and may close in between. While it is pinned, it stays open.</summary>
/// <remarks>Threads: any number. Each read counts as a user of the open file, which is closed only when there is no user.</remarks>
internal sealed class PooledFile : IStorageFile
{
    const int Closed = -1;
    const int Closing = -2;

    readonly FilePool _pool;
    readonly Lock _opening = new();
    IStorageFile? _file;
    int _users = Closed;
    bool _isPinned;
    bool _wasUsed;
    volatile bool _isDisposed;

    public PooledFile(FilePool pool, string path) => (_pool, Path) = (pool, path);

    /// <summary>Creates a pinned file.</summary>
    public PooledFile(FilePool pool, IStorageFile file)
    {
        (_pool, Path, _file, _isPinned) = (pool, file.Path, file, true);
        _users = 0;
    }

    public string Path { get; }

    /// <summary>Called with the file when it is first opened, before the first read.</summary>
    public Action<IStorageFile>? FirstOpened { get; set; }

    /// <summary>The path that the file may have been moved to, unchanged; null if it is never moved.</summary>
    public string? MovedTo { get; init; }

    /// <summary>Creates the exception for a missing file; null for an error of the disk.</summary>
    public Func<Exception?>? Gone { get; set; }

    public long Length
    {
        get
        {
            var file = Acquire();
            try
            {
                return file.Length;
            }
            finally
            {
                Release();
            }
        }
    }

    /// <summary>Only for the file that is written, which is open.</summary>
    public bool IsDeleted => _isPinned && _file!.IsDeleted;

    public int Read(Span<byte> buffer, long fileOffset)
    {
        var file = Acquire();
        try
        {
            return file.Read(buffer, fileOffset);
        }
        finally
        {
            Release();
        }
    }

    public IMappedFile? Map(long length)
    {
        var file = Acquire();
        try
        {
            return file.Map(length);
        }
        finally
        {
            Release();
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, long fileOffset) => Pinned().Write(bytes, fileOffset);

    public void Reserve(long fileOffset, long length) => Pinned().Reserve(fileOffset, length);

    public void SetLength(long length) => Pinned().SetLength(length);

    public void Sync() => Pinned().Sync();

    /// <summary>The file is no longer written: it is closed, and opened again for reads.</summary>
    public void Unpin()
    {
        if (!_isPinned) return;
        _pool.Opened(this);
        _isPinned = false;
        CloseIfUnused();
    }

    /// <summary>Closes the file now if it is unused; it is opened again for reads.</summary>
    public void CloseIfUnused()
    {
        if (!_isPinned && TryClose()) _pool.Closed(this);
    }

    public void Dispose()
    {
        _isDisposed = true;
        if (_isPinned) _file!.Dispose();
        else CloseIfUnused();
    }

    /// <summary>Whether it was read since the last call.</summary>
    internal bool WasUsed()
    {
        var was = _wasUsed;
        _wasUsed = false;
        return was;
    }

    /// <summary>For the pool: closes the file; false if it is in use.</summary>
    internal bool TryClose()
    {
        if (Interlocked.CompareExchange(ref _users, Closing, 0) != 0) return false;
        _file!.Dispose();
        Volatile.Write(ref _users, Closed);
        return true;
    }

    IStorageFile Pinned() => _isPinned ? _file! : throw new LedgerIOException(Path, "write", DiskReasons.BadDescriptor);

    IStorageFile Acquire()
    {
        var spinner = default(SpinWait);
        while (true)
        {
            var users = Volatile.Read(ref _users);
            if (users >= 0 && Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                if (!_wasUsed) _wasUsed = true;
                return _file!;
            }

            if (users == Closed) OpenNow();
            else if (users == Closing) spinner.SpinOnce();
        }
    }

    void Release()
    {
        // After a close no read opens it again. The last user closes it.
        if (Interlocked.Decrement(ref _users) == 0 && _isDisposed) CloseIfUnused();
    }

    void OpenNow()
    {
        lock (_opening)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (Volatile.Read(ref _users) != Closed) return;
            var file = OpenFile(out var isMoved);
            try
            {
                if (!isMoved && FirstOpened is { } check)
                {
                    check(file);
                    FirstOpened = null;
                }
            }
            catch
            {
                file.Dispose();
                throw;
            }

            _file = file;
            _pool.Opened(this);
            Volatile.Write(ref _users, 0);
        }
    }

    IStorageFile OpenFile(out bool isMoved)
    {
        isMoved = false;
        try
        {
            return _pool.Open(Path);
        }
        catch (LedgerIOException failure) when (!failure.IsOutOfDescriptors && !_pool.Exists(Path))
        {
            isMoved = MovedTo is not null && _pool.Exists(MovedTo);
            if (isMoved) return _pool.Open(MovedTo!);
            if (Gone?.Invoke() is { } why) throw why;
            throw new LedgerIOException(Path, "open", "the file was removed or replaced while the ledger was open; open the ledger again", failure) { IsGone = true };
        }
    }
}
