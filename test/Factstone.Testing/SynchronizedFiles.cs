using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The file system of a simulated disk for a ledger with threads: one operation at a time, and none during a power loss.</summary>
internal sealed class SynchronizedFiles(IFileSystem inner, Lock gate) : DecoratedFiles(inner)
{
    public override bool DirectoryExists(string path) { lock (gate) return Inner.DirectoryExists(path); }

    public override bool FileExists(string path) { lock (gate) return Inner.FileExists(path); }

    public override void CreateDirectory(string path) { lock (gate) Inner.CreateDirectory(path); }

    public override IReadOnlyList<string> List(string directory) { lock (gate) return [.. Inner.List(directory)]; }

    public override IReadOnlyList<string> ListDirectories(string directory) { lock (gate) return [.. Inner.ListDirectories(directory)]; }

    public override IStorageFile Open(string path, FileOpening opening) { lock (gate) return new SynchronizedFile(Inner.Open(path, opening), gate); }

    public override void Rename(string from, string to) { lock (gate) Inner.Rename(from, to); }

    public override void Delete(string path) { lock (gate) Inner.Delete(path); }

    public override void SyncDirectory(string path) { lock (gate) Inner.SyncDirectory(path); }

    public override IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) { lock (gate) return Inner.TryLock(path, holder, out heldBy); }

    public override bool IsLocked(string path) { lock (gate) return Inner.IsLocked(path); }

    public override SpaceLeft? SpaceLeft(string directory) { lock (gate) return Inner.SpaceLeft(directory); }

    public override ISharedPage OpenSharedPage(string path, bool writable) { lock (gate) return new SynchronizedPage(Inner.OpenSharedPage(path, writable), gate); }
}

/// <summary>An open file of <see cref="SynchronizedFiles"/>.</summary>
internal sealed class SynchronizedFile(IStorageFile inner, Lock gate) : DecoratedFile(inner)
{
    public override long Length { get { lock (gate) return Inner.Length; } }

    public override bool IsDeleted { get { lock (gate) return Inner.IsDeleted; } }

    public override int Read(Span<byte> buffer, long fileOffset) { lock (gate) return Inner.Read(buffer, fileOffset); }

    public override void Write(ReadOnlySpan<byte> bytes, long fileOffset) { lock (gate) Inner.Write(bytes, fileOffset); }

    public override void Reserve(long fileOffset, long length) { lock (gate) Inner.Reserve(fileOffset, length); }

    public override void SetLength(long length) { lock (gate) Inner.SetLength(length); }

    public override IMappedFile? Map(long length) { lock (gate) return Inner.Map(length) is { } mapped ? new SynchronizedMapping(mapped, gate) : null; }

    public override void StartWriteBack(long fileOffset, long length) { lock (gate) Inner.StartWriteBack(fileOffset, length); }

    public override void WaitForWriteBack(long fileOffset, long length) { lock (gate) Inner.WaitForWriteBack(fileOffset, length); }

    public override void Sync() { lock (gate) Inner.Sync(); }

    public override void Dispose() { lock (gate) base.Dispose(); }
}

/// <summary>A mapped page of <see cref="SynchronizedFiles"/>.</summary>
internal sealed class SynchronizedPage(ISharedPage inner, Lock gate) : ISharedPage
{
    public void Read(Span<byte> buffer, int offset) { lock (gate) inner.Read(buffer, offset); }

    public void Write(ReadOnlySpan<byte> bytes, int offset) { lock (gate) inner.Write(bytes, offset); }

    public void Sync() { lock (gate) inner.Sync(); }

    public void Dispose() { lock (gate) inner.Dispose(); }
}

/// <summary>A mapped file of <see cref="SynchronizedFiles"/>.</summary>
internal sealed class SynchronizedMapping(IMappedFile inner, Lock gate) : IMappedFile
{
    public ReadOnlySpan<byte> Bytes(long fileOffset, int length) { lock (gate) return inner.Bytes(fileOffset, length); }

    public void Prefetch(long fileOffset, int bytes) { lock (gate) inner.Prefetch(fileOffset, bytes); }

    public void Dispose() { lock (gate) inner.Dispose(); }
}
