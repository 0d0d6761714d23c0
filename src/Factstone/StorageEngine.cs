using Factstone.Storage;

namespace Factstone;

/// <summary>Opens, verifies, repairs, backs up and restores ledgers through the engine. The only file of this project that names the engine.</summary>
/// <remarks>What it returns is declared by the port or the model. Work that takes time runs on the thread pool.</remarks>
internal static class StorageEngine
{
    public static async ValueTask<IFactStorage> OpenAsync(string directory, LedgerOptions options, CancellationToken cancellationToken)
    {
        var storageOptions = options.ToStorageOptions();
        var (files, root) = FilesOf(directory, options.FileSystem);
        return await Task.Run(() => FileStorage.Open(files, root, storageOptions, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public static IFactStorage OpenInMemory(LedgerOptions options, CancellationToken cancellationToken) =>
        FileStorage.Open(new MemoryFileSystem(), "memory", (options with { PreallocationBytesMax = 0 }).ToStorageOptions(), cancellationToken);

    public static async ValueTask<IFactStorage> OpenReadOnlyAsync(string directory, LedgerOptions options, CancellationToken cancellationToken)
    {
        var storageOptions = options.ToStorageOptions();
        var (files, root) = FilesOf(directory, options.FileSystem);
        return await Task.Run(() => FileStorage.OpenReadOnly(files, root, storageOptions, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public static async ValueTask<VerifyReport> VerifyAsync(string directory, VerifyOptions options, Action<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var (files, root) = FilesOf(directory, fileSystem: null);
        return await Task.Run(() => Verify(files, root, options, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public static VerifyReport Verify(IFileSystem files, string root, VerifyOptions options, Action<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        using var verification = StorageVerification.Open(files, root, options.Deep, cancellationToken);
        return LedgerVerification.Run(verification, options, progress, cancellationToken);
    }

    public static async ValueTask<RepairReport> RepairAsync(string directory, RepairOptions options, Action<RepairProgress>? progress, CancellationToken cancellationToken)
    {
        var storageOptions = options.ToStorageOptions();
        var (files, root) = FilesOf(directory, options.FileSystem);
        return await Task.Run(
            () => LedgerRepair.Run(files, root, storageOptions, options.DryRun, progress is null ? null : (read, bytes) => progress(new RepairProgress(read, bytes)), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Backs up a ledger that is open here. The storage has to stay open until the backup is done.</summary>
    public static ValueTask<BackupReport> BackupAsync(IFactStorage storage, string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        var (files, root) = ((FileStorage)storage).FilesAndRoot;
        return CopyAsync(files, root, directory, options, progress, cancellationToken);
    }

    public static ValueTask<BackupReport> BackupAsync(string source, string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        var (files, root) = FilesOf(source, options.FileSystem);
        return CopyAsync(files, root, directory, options, progress, cancellationToken);
    }

    public static async ValueTask<RestoreReport> RestoreAsync(string backup, string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        var storageOptions = options.ToStorageOptions();
        var (files, root) = FilesOf(backup, options.FileSystem);
        var (target, to) = FilesOf(directory, options.FileSystem);
        return await Task.Run(
            () => LedgerRestore.Run(files, new LedgerLayout(root), target, new LedgerLayout(to), storageOptions, Bytes(progress), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The blobs of a ledger that is open here. They are disposed of before the storage.</summary>
    public static IBlobStore OpenBlobs(IFactStorage storage) => ((FileStorage)storage).OpenBlobs();

    /// <summary>The blobs of a ledger that need not be open here.</summary>
    public static async ValueTask<IBlobStore> OpenBlobsBesideAsync(string directory, bool readOnly, CancellationToken cancellationToken)
    {
        var (files, root) = FilesOf(directory, fileSystem: null);
        return await Task.Run(() => FileBlobStore.OpenBeside(files, new LedgerLayout(root), readOnly, new BlobStorageOptions()), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A store of blobs in any directory.</summary>
    public static async ValueTask<IBlobStore> OpenBlobsAsync(string directory, bool readOnly, CancellationToken cancellationToken)
    {
        var (files, root) = FilesOf(directory, fileSystem: null);
        return await Task.Run(() => FileBlobStore.Open(files, root, readOnly, new BlobStorageOptions()), cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static StorageOptions ToStorageOptions(this LedgerOptions options)
    {
        options.ThrowIfInvalid();
        return new StorageOptions
        {
            SegmentSizeBytes = options.SegmentSizeBytes,
            PreallocationBytesMin = options.PreallocationBytesMin,
            PreallocationBytesMax = options.PreallocationBytesMax,
            LockWait = options.LockWait,
            LockWaiting = options.LockWaiting,
            OpeningProgress = options.OpeningProgress,
            Notice = options.Notice,
            Salts = options.Salts,
            Values = FactValues.Of(options.Types, options.Records),
            Time = options.TimeProvider,
            Scheduler = options.Scheduler,
            MapsFiles = options.MappedReads,
            MemoryFactsMax = options.MemoryFactsMax,
            MemoryBytesMax = options.MemoryBytesMax,
            MergedRunBytesMax = options.MergedRunBytesMax,
            MergedRunFactsMax = options.MergedRunFactsMax,
            IndexReserveBytesMax = options.IndexReserveBytesMax,
            RebuiltAtOnceMax = options.RebuiltAtOnceMax,
            IdleBeforeMerging = options.IdleBeforeMerging,
            ReadOnlyFactsMax = options.ReadOnlyFactsMax,
            OpenFilesMax = options.OpenFilesMax,
            MappedFilesMax = options.MappedFilesMax,
            BranchTaken = options.BranchTaken,
            Interleave = options.Interleave,
            Defect = options.Defect,
        };
    }

    static StorageOptions ToStorageOptions(this RepairOptions options) => new LedgerOptions
    {
        LockWait = options.LockWait,
        LockWaiting = options.LockWaiting,
        TimeProvider = options.TimeProvider,
        Salts = options.Salts,
    }.ToStorageOptions();

    static StorageOptions ToStorageOptions(this BackupOptions options) => new LedgerOptions
    {
        LockWait = options.LockWait,
        TimeProvider = options.TimeProvider,
        Salts = options.Salts,
    }.ToStorageOptions();

    static async ValueTask<BackupReport> CopyAsync(IFileSystem files, string root, string directory, BackupOptions options, Action<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        var storageOptions = options.ToStorageOptions();
        var (target, to) = FilesOf(directory, options.FileSystem);
        return await Task.Run(
            () => LedgerBackup.Run(files, new LedgerLayout(root), target, new LedgerLayout(to), storageOptions, Bytes(progress), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    static Action<long, long>? Bytes(Action<BackupProgress>? progress) => progress is null ? null : (copied, bytes) => progress(new BackupProgress(copied, bytes));

    /// <summary>The file system and the directory in it. A path on the disk is resolved now, because the process may change its working directory later.</summary>
    static (IFileSystem Files, string Root) FilesOf(string directory, IFileSystem? fileSystem) =>
        fileSystem is { } files ? (files, directory) : (new DiskFileSystem(), Path.GetFullPath(directory));
}

/// <content>What only tests set, in the engine's types, and the engine's ranges.</content>
public sealed partial record LedgerOptions
{
    /// <summary>The file system; null for the disk.</summary>
    internal IFileSystem? FileSystem { get; init; }

    /// <summary>Called with each branch that a recovery takes.</summary>
    internal Action<RecoveryBranch>? BranchTaken { get; init; }

    internal void ThrowIfInvalid()
    {
        if (SegmentSizeBytes is < StorageOptions.SegmentSizeBytesMin or > StorageOptions.SegmentSizeBytesMax)
            throw new ArgumentOutOfRangeException(nameof(SegmentSizeBytes), SegmentSizeBytes, $"A segment must have {StorageOptions.SegmentSizeBytesMin:N0} to {StorageOptions.SegmentSizeBytesMax:N0} bytes.");
        if (LockWait < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(LockWait), LockWait, "A wait must not be negative.");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(Records);
        ProjectionCheck.Check(InlineProjections, AsyncProjections);
    }
}

/// <content>What only tests set, in the engine's types.</content>
public sealed partial record RepairOptions
{
    /// <summary>The file system; null for the disk.</summary>
    internal IFileSystem? FileSystem { get; init; }
}

/// <content>What only tests set, in the engine's types.</content>
public sealed partial record BackupOptions
{
    /// <summary>The file system; null for the disk.</summary>
    internal IFileSystem? FileSystem { get; init; }
}
