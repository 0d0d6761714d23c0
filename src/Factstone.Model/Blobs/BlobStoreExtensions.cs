namespace Factstone;

/// <summary>Short forms for blobs that fit into memory.</summary>
public static class BlobStoreExtensions
{
    /// <summary>Stores bytes; see <see cref="IBlobStore.PutAsync"/>.</summary>
    public static async ValueTask<BlobReference> PutAsync(this IBlobStore blobs, ReadOnlyMemory<byte> content, string mime = BlobReference.MimeDefault, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(blobs);
        using var stream = new MemoryContent(content);
        return await blobs.PutAsync(stream, mime, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the store has a blob. It may be damaged.</summary>
    public static async ValueTask<bool> ExistsAsync(this IBlobStore blobs, Cid cid, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(blobs);
        return await blobs.StatAsync(cid, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <summary>Reads a whole blob into memory. All of it was verified when it returns.</summary>
    /// <param name="blobs">The store.</param>
    /// <param name="cid">The name of the blob.</param>
    /// <param name="sizeMax">The largest blob that is read, in bytes.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="BlobNotFoundException">The store has no such blob.</exception>
    /// <exception cref="BlobDamagedException">The stored bytes are not the content.</exception>
    /// <exception cref="ArgumentException">The blob is larger than <paramref name="sizeMax"/>. Nothing was read.</exception>
    public static async ValueTask<byte[]> ReadAsync(this IBlobStore blobs, Cid cid, int sizeMax = FactLimits.PayloadBytesMax, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(blobs);
        ArgumentOutOfRangeException.ThrowIfNegative(sizeMax);
        var content = await blobs.OpenReadAsync(cid, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if (content.Size > sizeMax) throw new ArgumentException($"The blob {cid} has {content.Size:N0} bytes, and at most {sizeMax:N0} were asked for. Open it, and read it in pieces.", nameof(sizeMax));
            var bytes = new byte[content.Size];
            await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            await content.VerifyToEndAsync(cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }
}
