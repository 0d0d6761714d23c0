namespace Factstone.Storage;

/// <summary>Everything the engine needs of a disk. Nothing else in the engine touches System.IO.</summary>
/// <remarks>
/// Paths are joined with '/'. Errors: a full disk or quota is a <see cref="LedgerFullException"/>; everything else that
/// the system refuses is a <see cref="LedgerIOException"/> with path and operation. An implementation throws no other
/// exception. A failed sync is a <see cref="LedgerIOException"/> for any reason, lack of space included
/// (<see cref="FailedSync"/>). Nothing survives a power loss that was not synced: the bytes of a file by
/// <see cref="IStorageFile.Sync"/>, its name by <see cref="SyncDirectory"/> of its directory.
/// </remarks>
internal interface IFileSystem
{
    bool DirectoryExists(string path);

    bool FileExists(string path);

    /// <summary>Creates the directory and its parents; does nothing if it exists. The new entries are synced in their parents.</summary>
    void CreateDirectory(string path);

    /// <summary>The names (not paths) of the files in a directory, in the order of unsigned UTF-8 bytes; empty if there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>The names (not paths) of the directories in a directory, in the same order; empty if there is no such directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Opens a file for positional reads and writes.</summary>
    IStorageFile Open(string path, FileOpening opening);

    /// <summary>Renames a file over another one, atomically; durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a name; open files stay readable. Does nothing if the name does not exist.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in this directory survive a power loss.</summary>
    void SyncDirectory(string path);

    /// <summary>Holds a directory open: what is below it is accessed through it from now on.</summary>
    IOpenDirectory OpenDirectory(string path) => new FixedDirectory(this);

    /// <summary>Takes the one lock of a directory, for as long as the returned object lives and this process runs.</summary>
    /// <param name="path">The lock file in that directory; created if missing. If the system can, the directory is locked with it, so that the lock holds even if the file is deleted.</param>
    /// <param name="holder">A text that names this process, for processes that find the lock taken; written into the file.</param>
    /// <param name="heldBy">If null is returned: the holder of the lock, with the text that it wrote.</param>
    /// <returns>Null if the lock is held, by this process or another.</returns>
    IHeldLock? TryLock(string path, string holder, out LockHolder heldBy);

    /// <summary>Whether the lock of a directory is held now, by this process or another.</summary>
    /// <remarks>Changes nothing and needs no permission to write. The answer may be out of date when it arrives. A process that takes the lock at this very moment may be refused once, and gets it when it tries again.</remarks>
    bool IsLocked(string path);

    /// <summary>How many more files this process may open; <see cref="int.MaxValue"/> if there is no limit.</summary>
    int DescriptorsLeft() => int.MaxValue;

    /// <summary>The space on the file system that holds a directory; null where it is unknown.</summary>
    SpaceLeft? SpaceLeft(string directory) => null;

    /// <summary>Maps the first <see cref="ISharedPage.Size"/> bytes of a file, shared with every process that maps it. A missing file is created with zeros if <paramref name="writable"/> is true.</summary>
    ISharedPage OpenSharedPage(string path, bool writable);
}

/// <summary>How <see cref="IFileSystem.Open"/> treats an existing or a missing file.</summary>
internal enum FileOpening
{
    /// <summary>Read and write; an existing file is an error.</summary>
    CreateNew = 1,

    /// <summary>Read and write; a missing file is an error.</summary>
    Existing = 2,

    /// <summary>Read only; a missing file is an error.</summary>
    ReadOnly = 3,
}

/// <summary>One open file. Reads and writes are positional, so any number of threads may read while one writes.</summary>
internal interface IStorageFile : IDisposable
{
    string Path { get; }

    /// <summary>The length of the file now, preallocated zeros included.</summary>
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>The number of bytes read; fewer than requested only at the end of the file.</returns>
    int Read(Span<byte> buffer, long fileOffset);

    /// <summary>Writes all bytes, and extends the file if needed. Not durable before <see cref="Sync"/>.</summary>
    void Write(ReadOnlySpan<byte> bytes, long fileOffset);

    /// <summary>Reserves space on the disk for this range, whose new bytes read as zeros. A later write there does not fail for lack of space.</summary>
    void Reserve(long fileOffset, long length);

    /// <summary>Whether the file has no name any more, so that what is written to it is lost when it is closed; false if the file system cannot tell.</summary>
    bool IsDeleted => false;

    /// <summary>Cuts the file, or extends it with zeros that take no space yet.</summary>
    void SetLength(long length);

    /// <summary>Maps the first bytes of the file for reading, including bytes that the file does not have yet; null if the file system cannot map.</summary>
    /// <remarks>A read beyond the end of the file ends the process. The mapping lives until it is collected, and outlives the file.</remarks>
    IMappedFile? Map(long length) => null;

    /// <summary>Asks the system to begin writing a range to the disk, so that little waits to be written at any time. Does nothing where the system cannot.</summary>
    /// <remarks>It makes nothing durable. Not for a file that is synced later: an error that the system has reported here is not reported by the sync.</remarks>
    void StartWriteBack(long fileOffset, long length) { }

    /// <summary>Waits until the system has written what <see cref="StartWriteBack"/> has begun in a range.</summary>
    void WaitForWriteBack(long fileOffset, long length) { }

    /// <summary>Makes everything written so far survive a power loss (fdatasync). After a failure the state of everything written since the last success is unknown, and another sync proves nothing.</summary>
    /// <exception cref="LedgerIOException">The sync failed, also for lack of space.</exception>
    void Sync();
}

/// <summary>A page of memory that is a file. Every process that maps it sees changes at once; they reach the disk when the system writes the page, or by <see cref="Sync"/>.</summary>
internal interface ISharedPage : IDisposable
{
    /// <summary>Bytes in the page.</summary>
    const int Size = 4096;

    void Read(Span<byte> buffer, int offset);

    void Write(ReadOnlySpan<byte> bytes, int offset);

    void Sync();
}

/// <summary>A file as memory. It is unmapped when nothing refers to it any more, so that no reader loses what it reads; or at once, by a caller that knows that there is no reader.</summary>
internal interface IMappedFile : IDisposable
{
    /// <summary>Bytes of the file; valid as long as the mapping is referenced. Keep it alive until the last access.</summary>
    ReadOnlySpan<byte> Bytes(long fileOffset, int length);

    /// <summary>This many bytes from here on will be read soon. Nothing is read now, and a range outside of the file does no harm.</summary>
    void Prefetch(long fileOffset, int bytes);
}
