using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>An open file of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class SimulatedFileHandle(SimulatedProcess process, SimulatedFile file, string path, bool writable) : IStorageFile
{
    readonly SimulatedDisk _disk = process.Disk;
    long _failuresSeen = file.SyncFailures;
    bool _closed;

    public string Path { get; } = path;

    public long Length
    {
        get
        {
            ThrowIfClosed();
            process.ThrowIfDead();
            return file.Seen.Length;
        }
    }

    public bool IsDeleted
    {
        get
        {
            ThrowIfClosed();
            process.ThrowIfDead();
            return !file.HasName;
        }
    }

    public int Read(Span<byte> buffer, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ThrowIfClosed();
        if (_disk.Begin(process, IoKind.Read, "read", Path, fileOffset, buffer.Length) is { } fault) _disk.Crash(process, fault);
        return file.Seen.Read(buffer, fileOffset);
    }

    public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ThrowIfClosed();
        ThrowIfReadOnly("write");
        ThrowIfTooLarge("write", fileOffset + bytes.Length);
        var fault = _disk.Begin(process, IoKind.Write, "write", Path, fileOffset, bytes.Length);

        // Whatever interrupts a write, a prefix of it has been written by then; of a short write, and if space runs out, never all of it.
        var landing = fault switch
        {
            null => bytes,
            Fault.ShortWrite or Fault.NoSpace => bytes[.._disk.Random.Next(bytes.Length)],
            _ => bytes[.._disk.Random.Next(bytes.Length + 1)],
        };
        var fitting = (int)_disk.TakeSpace(file, fileOffset, landing.Length);
        file.Write(landing[..fitting], fileOffset);

        if (fault is Fault.PowerLoss or Fault.ProcessKill) _disk.Crash(process, fault.Value);
        if (fitting < landing.Length) throw _disk.Full(Path, "write");
        if (fault == Fault.NoSpace) throw new LedgerFullException(Path, "write");
        if (fault == Fault.ShortWrite) throw new LedgerIOException(Path, "write", DiskReasons.InputOutput);
    }

    public void Reserve(long fileOffset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ThrowIfClosed();
        ThrowIfReadOnly("reserve");
        ThrowIfTooLarge("reserve", fileOffset + length);
        _disk.Atomic(process, IoKind.Reserve, "reserve", Path, () =>
        {
            // A disk that becomes full leaves the file grown by the available space, as ext4 does.
            var fitting = _disk.TakeSpace(file, fileOffset, length);
            if (fitting > 0) file.GrowTo(fileOffset + fitting);
            if (fitting < length) throw _disk.Full(Path, "reserve");
        });
    }

    public void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ThrowIfClosed();
        ThrowIfReadOnly("set length");
        ThrowIfTooLarge("set length", length);
        _disk.Atomic(process, IoKind.Cut, "set length", Path, () => process.Resize(file, length));
    }

    public void Sync()
    {
        ThrowIfClosed();
        SimulatedSync.Of(process, file, Path, ref _failuresSeen);
    }

    public IMappedFile Map(long length)
    {
        ThrowIfClosed();
        process.ThrowIfDead();
        return new SimulatedMapping(process, file, Path, length);
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        process.Closed(file);
    }

    void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, this);

    void ThrowIfReadOnly(string operation)
    {
        process.ThrowIfDead();
        if (!writable) throw new LedgerIOException(Path, operation, DiskReasons.BadDescriptor);
    }

    void ThrowIfTooLarge(string operation, long length)
    {
        if (length is < 0 or > SparseBytes.LengthMax) throw new LedgerIOException(Path, operation, DiskReasons.TooLarge);
    }
}

/// <summary>The mapped first page of a file of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class SimulatedSharedPage(SimulatedProcess process, SimulatedFile file, string path, bool writable) : ISharedPage
{
    long _failuresSeen = file.SyncFailures;
    bool _closed;

    public void Read(Span<byte> buffer, int offset)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SharedPageRange.Check(offset, buffer.Length);
        process.ThrowIfDead();
        file.Seen.Read(buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> bytes, int offset)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SharedPageRange.Check(offset, bytes.Length);
        process.ThrowIfDead();
        if (!writable) throw new LedgerIOException(path, "write", DiskReasons.BadDescriptor);

        // A store can stop anywhere: the next reader of the page finds a part of it.
        var fault = process.Disk.Begin(process, IoKind.PageWrite, "write page", path, offset, bytes.Length);
        file.WritePage(fault is null ? bytes : bytes[..process.Disk.Random.Next(bytes.Length + 1)], offset);
        if (fault is { } crash) process.Disk.Crash(process, crash);
    }

    public void Sync()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SimulatedSync.Of(process, file, path, ref _failuresSeen);
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        process.Closed(file);
    }
}

/// <summary>The sync of a file and of its mapping, which are the same pages.</summary>
internal static class SimulatedSync
{
    /// <param name="process">The process that syncs.</param>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="failuresSeen">The number of failed syncs that this handle knows. As in Linux, each is reported once to each handle that was open then.</param>
    public static void Of(SimulatedProcess process, SimulatedFile file, string path, ref long failuresSeen)
    {
        var disk = process.Disk;
        var fault = disk.Begin(process, IoKind.Sync, "sync", path);
        var isWithoutSpace = fault is Fault.SyncWithoutSpaceKeepingPages or Fault.SyncWithoutSpaceDroppingPages;
        if (isWithoutSpace || fault is Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages)
        {
            var indexedEnd = disk.Faults.ReachOfFailedSync ?? SimulatedFile.DrawShare(disk.Random);
            file.FailSync(indexedEnd, keepsPages: fault is Fault.SyncFailureKeepingPages or Fault.SyncWithoutSpaceKeepingPages, disk.Random);
            failuresSeen = ++file.SyncFailures;
            throw isWithoutSpace ? FailedSync.ForWantOfSpace(path, "sync") : new LedgerIOException(path, "sync", DiskReasons.InputOutput);
        }

        // A power loss in the middle of a sync equals one before it, of which a random part survives, or one after it.
        if (fault is null || disk.Random.Next(2) == 0) file.Sync();
        if (fault is { } crash) disk.Crash(process, crash);
        if (failuresSeen == file.SyncFailures) return;
        failuresSeen = file.SyncFailures;
        disk.Trace?.WriteLine($"a sync that failed on another handle of {path} is reported");
        throw new LedgerIOException(path, "sync", DiskReasons.InputOutput);
    }
}

/// <summary>A lock of a process on a <see cref="SimulatedDisk"/>: on the lock file, and on its directory if the disk can lock directories.</summary>
internal sealed class SimulatedLock : IHeldLock
{
    readonly SimulatedFile _file;
    readonly SimulatedDirectoryLock? _directory;
    readonly Func<SimulatedFile?> _find;

    public SimulatedLock(SimulatedProcess process, SimulatedFile file, SimulatedDirectoryLock? directory, Func<SimulatedFile?> find)
    {
        (Process, _file, _directory, _find) = (process, file, directory, find);
        _file.LockedBy = this;
        _directory?.LockedBy = this;
    }

    public SimulatedProcess Process { get; }

    public string? WhyLost()
    {
        Process.ThrowIfDead();
        if (_directory is not null || _find() == _file) return null;
        return _find() is null ? "the lock file was removed" : "the lock file was replaced";
    }

    public void Dispose()
    {
        if (Process.IsDead) return;
        if (_file.LockedBy == this) _file.LockedBy = null;
        if (_directory?.LockedBy == this) _directory.LockedBy = null;
    }
}

/// <summary>The holder of the lock on a directory.</summary>
internal sealed class SimulatedDirectoryLock
{
    public SimulatedLock? LockedBy { get; set; }
}
