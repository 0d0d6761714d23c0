namespace Factstone.Conformance.Wrapping;

/// <summary>The blobs beside a <see cref="ContinuedLedger"/>. A call that a stop has interrupted is repeated after the reopen.</summary>
/// <remarks>Content that is put or read is in memory, because a part of it cannot be repeated.</remarks>
internal sealed class ContinuedBlobs(ContinuedLedger ledger, Func<IBlobStore> opened) : IBlobStore
{
    public bool IsReadOnly => false;

    public async ValueTask<BlobReference> PutAsync(Stream content, string mime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var buffered = new MemoryStream();
        await content.CopyToAsync(buffered, cancellationToken);
        var bytes = buffered.ToArray();
        return await ledger.CallAsync(_ => opened().PutAsync(new MemoryStream(bytes, writable: false), mime, cancellationToken), cancellationToken);
    }

    public ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken) => ledger.CallAsync(
        async _ =>
        {
            await using var content = await opened().OpenReadAsync(cid, cancellationToken);
            var buffered = new MemoryStream();
            await content.CopyToAsync(buffered, cancellationToken);
            buffered.Position = 0;
            return new BlobContent(buffered, cid, content.Size, "the stored blob");
        },
        cancellationToken);

    public ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken) => ledger.CallAsync(_ => opened().StatAsync(cid, cancellationToken), cancellationToken);

    public IAsyncEnumerable<BlobStat> ListAsync(CancellationToken cancellationToken) => ledger.EachAsync(_ => opened().ListAsync(cancellationToken), cancellationToken);
}
