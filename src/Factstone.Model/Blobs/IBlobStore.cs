namespace Factstone;

/// <summary>A store of large content by its CID, beside a ledger whose facts hold the references. <c>ledger.Blobs</c> keeps files; other stores can be put behind this interface.</summary>
/// <remarks>
/// What an implementation promises: a blob is durable and whole when its put returns, whatever else is put at the same time;
/// the same content is stored once; a read never ends well unless everything that was read has the hash of the CID, which
/// <see cref="BlobContent"/> sees to. Content is never changed, and never deleted through this interface.
/// Threads: any number. Errors: <see cref="BlobNotFoundException"/>, <see cref="BlobDamagedException"/>, and those of the place where the store is.
/// </remarks>
public interface IBlobStore
{
    /// <summary>Whether puts are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Stores content, which is read to its end in pieces. When it returns, the blob is durable, and its reference can be appended.</summary>
    /// <remarks>Each put in progress has one file open, or one connection. Bound how many there are if their content comes from outside.</remarks>
    /// <param name="content">The content, from where the stream is. It is not disposed.</param>
    /// <param name="mime">What the content is; it is returned in the reference, and not stored. 1..255 bytes of ASCII.</param>
    /// <param name="cancellationToken">Until the blob is complete, cancelling means that nothing is stored.</param>
    /// <returns>The reference. Content that was stored before has the same one, except for the mime type.</returns>
    /// <exception cref="ArgumentException">The mime type is none or too long, or the stream cannot be read. Nothing was stored, and nothing was read.</exception>
    /// <exception cref="InvalidOperationException">The store is read-only.</exception>
    /// <exception cref="LedgerFullException">There is no space. Nothing was stored.</exception>
    ValueTask<BlobReference> PutAsync(Stream content, string mime = BlobReference.MimeDefault, CancellationToken cancellationToken = default);

    /// <summary>Opens a blob. What is read is verified at its end; see <see cref="BlobContent"/>.</summary>
    /// <param name="cid">The name of the blob.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The content, which the caller disposes of.</returns>
    /// <exception cref="BlobNotFoundException">The store has no such blob.</exception>
    ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken = default);

    /// <summary>A blob without its content, which is not checked; null if the store has no such blob.</summary>
    ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken = default);

    /// <summary>All blobs, in no particular order. A blob that is put meanwhile may be left out.</summary>
    IAsyncEnumerable<BlobStat> ListAsync(CancellationToken cancellationToken = default);
}
