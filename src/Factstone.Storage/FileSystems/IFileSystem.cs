namespace Factstone.Storage;

/// <summary>Everything the engine asks of a disk. Nothing else in the engine touches System.IO.</summary>
/// <remarks>
/// Paths are joined with '/'. Errors: a full disk or quota is a <see cref="LedgerFullException"/>, everything else that
/// the system refuses a <see cref="LedgerIOException"/> with path and operation; no other exception leaves an implementation.
/// A sync that fails is a <see cref="LedgerIOException"/> whatever the reason, want of space included (<see cref="FailedSync"/>).
/// Nothing survives a power loss that was not synced: the bytes of a file by <see cref="IStorageFile.Sync"/>, its name
/// by <see cref="SyncDirectory"/> of its directory.
/// </remarks>
internal interface IFileSystem
{
    bool DirectoryExists(string path);

    bool FileExists(string path);

    /// <summary>Creates the directory and its parents; does nothing where it stands. The new entries are synced in their parents.</summary>
    void CreateDirectory(string path);

    /// <summary>The names (not paths) of the files in a directory, in the order of unsigned UTF-8 bytes; empty when there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>The names (not paths) of the directories in a directory, in the same order; empty when there is no such directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Opens a file for positional reads and writes.</summary>
    IStorageFile Open(string path, FileOpening opening);

    /// <summary>Renames a file over another one, atomically; durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a name; files that are open stay readable. Does nothing when there is none.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in this directory survive a power loss.</summary>
    void SyncDirectory(string path);

    /// <summary>Holds a directory open: what is below it is reached through it from now on.</summary>
    IOpenDirectory OpenDirectory(string path) => new FixedDirectory(this);

    /// <summary>Takes the one lock of a directory, for as long as the returned object lives and this process runs.</summary>
    /// <param name="path">The lock file in that directory; created when missing. The directory is locked with it, where the system can, so that the lock holds also when somebody deletes the file.</param>
    /// <param name="holder">Who we are, for whoever finds the lock taken: written into the file.</param>
    /// <param name="heldBy">When null is returned: who holds it, in the words that the holder wrote.</param>
    /// <returns>Null when somebody else, in this process or another, holds it.</returns>
    IHeldLock? TryLock(string path, string holder, out LockHolder heldBy);

    /// <summary>Whether somebody, in this process or another, holds the lock of a directory now.</summary>
    /// <remarks>Changes nothing and needs no permission to write. The answer may be old when it arrives. Whoever takes the lock at this very moment may be refused, and has it when trying again.</remarks>
    bool IsLocked(string path);

    /// <summary>How many more files this process may open; <see cref="int.MaxValue"/> where there is no limit.</summary>
    int DescriptorsLeft() => int.MaxValue;

    /// <summary>Maps the first <see cref="ISharedPage.Size"/> bytes of a file, shared with every process that maps it; created zeroed when missing and writable.</summary>
    ISharedPage OpenSharedPage(string path, bool writable);
}

/// <summary>How <see cref="IFileSystem.Open"/> treats a file that stands, or does not.</summary>
internal enum FileOpening
{
    /// <summary>Read and write; a file of that name is an error.</summary>
    CreateNew = 1,

    /// <summary>Read and write; no file of that name is an error.</summary>
    Existing = 2,

    /// <summary>Read only; no file of that name is an error.</summary>
    ReadOnly = 3,
}

/// <summary>One open file. Reads and writes are positional, so any number of threads may read while one writes.</summary>
internal interface IStorageFile : IDisposable
{
    string Path { get; }

    /// <summary>Bytes in the file now, preallocated zeros included.</summary>
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>The bytes read; fewer than asked only at the end of the file.</returns>
    int Read(Span<byte> buffer, long fileOffset);

    /// <summary>Writes all bytes, growing the file where needed. Not durable before <see cref="Sync"/>.</summary>
    void Write(ReadOnlySpan<byte> bytes, long fileOffset);

    /// <summary>Makes sure that the file has space on the disk for this range, reading as zeros where it is new: a write there does not fail for want of space.</summary>
    void Reserve(long fileOffset, long length);

    /// <summary>Whether no name leads to the file any more, so that what is written to it is lost when it is closed; false where the file system cannot say.</summary>
    bool IsDeleted => false;

    /// <summary>Cuts the file, or grows it with zeros that take no space yet.</summary>
    void SetLength(long length);

    /// <summary>Maps the first bytes of the file for reading, also those that it does not have yet; null where the file system does not map.</summary>
    /// <remarks>Whoever reads beyond the file's end ends the process. The mapping lives until it is collected, and outlives the file.</remarks>
    IMappedFile? Map(long length) => null;

    /// <summary>Asks the system to begin writing a range to the disk, so that little waits to be written at any time. Does nothing where the system cannot.</summary>
    /// <remarks>It makes nothing durable. Not for a file that is synced later: an error that the system has reported here is not reported by the sync.</remarks>
    void StartWriteBack(long fileOffset, long length) { }

    /// <summary>Waits until the system has written what <see cref="StartWriteBack"/> has begun in a range.</summary>
    void WaitForWriteBack(long fileOffset, long length) { }

    /// <summary>Makes everything written so far survive a power loss (fdatasync). After a failure nothing is known of what was written since the last success, and trying again proves nothing.</summary>
    /// <exception cref="LedgerIOException">It failed, for want of space too.</exception>
    void Sync();
}

/// <summary>A page of memory that is a file: seen at once by every process that maps it, on the disk whenever the system likes, or by <see cref="Sync"/>.</summary>
internal interface ISharedPage : IDisposable
{
    /// <summary>Bytes in the page.</summary>
    const int Size = 4096;

    void Read(Span<byte> buffer, int offset);

    void Write(ReadOnlySpan<byte> bytes, int offset);

    void Sync();
}

/// <summary>A file seen as memory. It is let go when nobody refers to it any more, so that no reader ever loses what it reads; or at once, by whoever knows that nobody reads.</summary>
internal interface IMappedFile : IDisposable
{
    /// <summary>Bytes of the file; valid as long as the mapping is referenced. Keep it alive until the last look.</summary>
    ReadOnlySpan<byte> Bytes(long fileOffset, int length);

    /// <summary>So many bytes from here on will be read soon. Nothing is read now, and a place that is not there does no harm.</summary>
    void Prefetch(long fileOffset, int bytes);
}
