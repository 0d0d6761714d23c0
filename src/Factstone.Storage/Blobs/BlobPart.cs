using System.Security.Cryptography;

namespace Factstone.Storage;

/// <summary>A blob that is being written, under a name that nobody reads.</summary>
/// <remarks>Threads: one that writes, and one that abandons it because the store is closed.</remarks>
internal sealed class BlobPart(IFileSystem files, string path, int bytesPerSync) : IDisposable
{
    readonly Lock _gate = new();
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly IStorageFile _file = files.Open(path, FileOpening.CreateNew);
    long _synced;
    bool _isEnded;

    public long Size { get; private set; }

    /// <summary>Adds bytes to the end. Synced now and then, because much to write at the end would hold up the syncs of the log.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isEnded, typeof(IBlobStore));
            if (bytes.IsEmpty) return;
            _file.Write(bytes, Size);
            _hash.AppendData(bytes);
            Size += bytes.Length;
            if (Size - _synced < bytesPerSync) return;
            _file.SyncNew();
            _synced = Size;
        }
    }

    /// <summary>The name of the content.</summary>
    public Cid EndOfContent()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isEnded, typeof(IBlobStore));
            Span<byte> digest = stackalloc byte[Cid.DigestBytes];
            _hash.GetHashAndReset(digest);
            return Cid.FromDigest(digest);
        }
    }

    /// <summary>Gives the file its name, when its bytes are durable. The name is not durable yet.</summary>
    public void Rename(string to)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isEnded, typeof(IBlobStore));
            _file.SyncNew();
            _file.Dispose();
            files.Rename(path, to);
            _isEnded = true;
        }
    }

    /// <summary>Removes the file, if it has not got its name.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _hash.Dispose();
            if (_isEnded) return;
            _isEnded = true;
            _file.Dispose();
            try
            {
                files.Delete(path);
            }
            catch (Exception failure) when (failure is FactstoneException or ObjectDisposedException)
            {
                // The next open for writing removes it.
            }
        }
    }
}
