using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>File systems that misuse the disk below the engine.</summary>
internal static class MistakenFiles
{
    /// <summary>Reports syncs as successful without doing them.</summary>
    public static IFileSystem WithoutSync(IFileSystem files, Func<string, bool> isForgotten) => new Files(files, isForgotten, static file => new Unsynced(file));

    /// <summary>Retries a failed sync and trusts the success of the retry.</summary>
    public static IFileSystem RetryingSync(IFileSystem files, Func<string, bool> isRetried) => new Files(files, isRetried, static file => new Retried(file));

    /// <summary>Keeps the bytes of a failed write, although the engine overwrites them.</summary>
    public static IFileSystem KeepingRefused(IFileSystem files, Func<string, bool> keeps) => new Files(files, keeps, static file => new Kept(file));

    /// <summary>Omits the sync that makes new names in a directory durable.</summary>
    public static IFileSystem WithoutDirectorySync(IFileSystem files, Func<string, bool> isForgotten) => new UnsyncedDirectory(files, isForgotten);

    sealed class Files(IFileSystem inner, Func<string, bool> isMistaken, Func<IStorageFile, IStorageFile> mistake) : DecoratedFiles(inner)
    {
        public override IStorageFile Open(string path, FileOpening opening) => isMistaken(path) ? mistake(Inner.Open(path, opening)) : Inner.Open(path, opening);
    }

    sealed class UnsyncedDirectory(IFileSystem inner, Func<string, bool> isForgotten) : DecoratedFiles(inner)
    {
        public override void SyncDirectory(string path)
        {
            if (!isForgotten(path)) Inner.SyncDirectory(path);
        }
    }

    sealed class Unsynced(IStorageFile inner) : DecoratedFile(inner)
    {
        public override void Sync() { }
    }

    sealed class Retried(IStorageFile inner) : DecoratedFile(inner)
    {
        public override void Sync()
        {
            try
            {
                Inner.Sync();
            }
            catch (LedgerIOException)
            {
                Inner.Sync();
            }
        }
    }

    sealed class Kept(IStorageFile inner) : DecoratedFile(inner)
    {
        long _refusedAt = -1;

        public override void Write(ReadOnlySpan<byte> bytes, long fileOffset)
        {
            var overwrites = fileOffset == _refusedAt && !bytes.ContainsAnyExcept((byte)0);
            _refusedAt = -1;
            if (overwrites) return;
            try
            {
                Inner.Write(bytes, fileOffset);
            }
            catch (LedgerFullException)
            {
                _refusedAt = fileOffset;
                throw;
            }
        }
    }
}
