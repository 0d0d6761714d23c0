using System.Buffers;

namespace Factstone.Storage;

/// <summary>Copies files from one ledger directory to another, and reports its progress.</summary>
internal sealed class CopyTask(IFileSystem source, LedgerLayout from, IFileSystem target, LedgerLayout to, Action<long, long>? progress, CancellationToken cancellationToken)
{
    const int ChunkBytes = 1_024 * 1_024;

    long _copied;

    public IFileSystem Source => source;

    public LedgerLayout From => from;

    public IFileSystem Target => target;

    public LedgerLayout To => to;

    /// <summary>The number of bytes to copy.</summary>
    public long Bytes { get; set; }

    /// <summary>Copies the first bytes of a file to a new one, and syncs it. If the file is shorter, all of it is copied.</summary>
    /// <param name="path">The file.</param>
    /// <param name="copyPath">The copy.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="last">Bytes that replace the last ones of the copy.</param>
    public void Copy(string path, string copyPath, long bytes, byte[]? last = null)
    {
        using var file = source.Open(path, FileOpening.ReadOnly);
        using var copy = target.Open(copyPath, FileOpening.CreateNew);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes, ChunkBytes));
        try
        {
            for (var at = 0L; at < bytes;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = file.Read(buffer.AsSpan(0, (int)Math.Min(Math.Min(buffer.Length, ChunkBytes), bytes - at)), at);
                if (read == 0) break;
                copy.Write(buffer.AsSpan(0, read), at);
                at += read;
                Copied(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (last is not null) copy.Write(last, bytes - last.Length);
        copy.Sync();
    }

    /// <summary>Subtracts the bytes of a file that is copied again or left out.</summary>
    public void Subtract(long bytes) => _copied -= Math.Min(bytes, _copied);

    void Copied(int bytes)
    {
        _copied += bytes;
        progress?.Invoke(_copied, Math.Max(Bytes, _copied));
    }
}
