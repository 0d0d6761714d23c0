namespace Factstone.Conformance.Claims;

/// <summary>Large content beside the ledger, to which facts and entries hold references.</summary>
internal static class BlobClaims
{
    static readonly byte[] Small = [.. "a small picture"u8];

    public static ClaimList All { get; } = new("blob")
    {
        {
            "A put returns the content id, the size and the media type", async c =>
            {
                var reference = await PutAsync(c, Small, "image/png");
                Check.Equal(new BlobReference(Cid.Of(Small), Small.Length, "image/png"), reference);
            }
        },
        { "A read returns the bytes that were put", async c => Check.Sequence(Small, await c.Blobs.ReadAsync((await PutAsync(c, Small)).Cid, cancellationToken: c.CancellationToken)) },
        {
            "The same bytes have the same content id, and are stored once", async c =>
            {
                var first = await PutAsync(c, Small);
                Check.Equal(first, await PutAsync(c, [.. Small]));
                Check.Sequence([new BlobStat(first.Cid, Small.Length)], await c.Blobs.ListAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "Other bytes have another content id", async c =>
            {
                var cids = new HashSet<Cid>();
                for (var i = 0; i < Small.Length; i++)
                {
                    byte[] other = [.. Small];
                    other[i] ^= 1;
                    cids.Add((await PutAsync(c, other)).Cid);
                }

                Check.Equal(Small.Length, cids.Count);
                Check.True(!cids.Contains(Cid.Of(Small)), "none has the id of the original");
            }
        },
        {
            "The media type belongs to the reference, and not to the blob", async c =>
            {
                var (first, second) = (await PutAsync(c, Small, "image/png"), await PutAsync(c, Small, "text/plain"));
                Check.Equal((first.Cid, "image/png", "text/plain"), (second.Cid, first.Mime, second.Mime));
            }
        },
        {
            "Whether a blob exists is known without reading it, and its size", async c =>
            {
                Check.True(!await c.Blobs.ExistsAsync(Cid.Of(Small), c.CancellationToken), "not before the put");
                await PutAsync(c, Small);
                Check.True(await c.Blobs.ExistsAsync(Cid.Of(Small), c.CancellationToken), "after the put");
                Check.Equal<long?>(Small.Length, (await c.Blobs.StatAsync(Cid.Of(Small), c.CancellationToken))?.Size);
            }
        },
        {
            "A blob that does not exist is not found", async c =>
            {
                await PutAsync(c, Small);
                var missing = await Check.ThrowsAsync<BlobNotFoundException>(() => c.Blobs.ReadAsync(Cid.Of("other"u8), cancellationToken: c.CancellationToken).AsTask());
                Check.Equal(Cid.Of("other"u8), missing.Cid);
                Check.Equal(null, await c.Blobs.StatAsync(Cid.Of("other"u8), c.CancellationToken));
            }
        },
        {
            "An empty blob is a blob", async c =>
            {
                var reference = await PutAsync(c, []);
                Check.Equal(0L, reference.Size);
                Check.Equal(0, (await c.Blobs.ReadAsync(reference.Cid, cancellationToken: c.CancellationToken)).Length);
            }
        },
        {
            "Every byte value is kept, and so is every length around a block", async c =>
            {
                foreach (var length in new[] { 1, 255, 256, 4_095, 4_096, 4_097, 65_536, 65_537 })
                {
                    var content = Content(length);
                    Check.Sequence(content, await c.Blobs.ReadAsync((await PutAsync(c, content)).Cid, cancellationToken: c.CancellationToken), $"{length} bytes");
                }
            }
        },
        {
            "A fact has the reference, and never the bytes", async c =>
            {
                var content = Content(50_000);
                await c.AppendAsync("pictures/1", new PictureAdded("harbour", await PutAsync(c, content)));
                var fact = (await c.StreamAsync("pictures/1"))[0];
                Check.True(fact.Payload.Length < 300, "the payload is small");
                Check.Sequence(content, await c.Blobs.ReadAsync(Check.Is<PictureAdded>(fact.Value).Picture.Cid, cancellationToken: c.CancellationToken));
            }
        },
        {
            "A key/value entry has the reference, and never the bytes", async c =>
            {
                var pictures = c.Ledger.KeyValue("pictures", ClaimJson.Default.BlobReference);
                var reference = await PutAsync(c, Content(50_000));
                await pictures.PutAsync("cover", reference, c.CancellationToken);
                Check.True((await c.Ledger.ReadCellAsync("pictures", "cover", c.CancellationToken))?.Value.Length < 300, "the cell is small");
                Check.Equal(reference, (await pictures.GetAsync("cover", c.CancellationToken))?.Value);
            }
        },
        {
            "A reference survives a reopen, and fetches the bytes", async c =>
            {
                await c.AppendAsync("pictures/1", new PictureAdded("harbour", await PutAsync(c, Small)));
                await c.ReopenAsync();
                var added = Check.Is<PictureAdded>((await c.StreamAsync("pictures/1"))[0].Value);
                Check.Sequence(Small, await c.Blobs.ReadAsync(added.Picture.Cid, cancellationToken: c.CancellationToken));
            }
        },
        {
            "Blobs are in no stream, and in no catalog", async c =>
            {
                await PutAsync(c, Small);
                Check.Sequence([], await c.ReadAllAsync());
                Check.Sequence([], await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "A large blob is written and read in pieces", async c =>
            {
                var content = Content(2_000_003);
                BlobReference reference;
                await using (var stream = new MemoryStream(content)) reference = await c.Blobs.PutAsync(stream, cancellationToken: c.CancellationToken);
                await using var stored = await c.Blobs.OpenReadAsync(reference.Cid, c.CancellationToken);
                var (piece, at) = (new byte[70_001], 0);
                for (int read; (read = await stored.ReadAsync(piece, c.CancellationToken)) > 0; at += read)
                    Check.True(content.AsSpan(at, read).SequenceEqual(piece.AsSpan(0, read)), $"the bytes from {at}");
                Check.Equal((content.Length, true), (at, stored.IsVerified));
            }
        },
        {
            "Bytes that have changed are found before the last one is handed out", async c =>
            {
                var content = Content(10_000);
                var reference = await PutAsync(c, content);
                foreach (var at in new[] { 0, 5_000, 9_999 })
                {
                    await using var stored = await c.Blobs.OpenReadAsync(reference.Cid, c.CancellationToken);
                    var bytes = new MemoryStream();
                    await stored.CopyToAsync(bytes, c.CancellationToken);
                    bytes.GetBuffer()[at] ^= 1;
                    bytes.Position = 0;
                    await using var changed = new BlobContent(bytes, reference.Cid, reference.Size, "a changed copy");
                    await Check.ThrowsAsync<BlobDamagedException>(() => changed.VerifyToEndAsync(c.CancellationToken).AsTask());
                }
            }
        },
        {
            "A put whose content ends with an exception leaves no blob", async c =>
            {
                await Check.ThrowsAsync<IOException>(() => c.Blobs.PutAsync(new BreakingContent(Content(300_000)), cancellationToken: c.CancellationToken).AsTask());
                Check.Sequence([], await c.Blobs.ListAsync(c.CancellationToken).ListAsync());
                await c.ReopenAsync();
                Check.Sequence([], await c.Blobs.ListAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "Callers at once that put the same bytes get the same reference, and it is stored once", async c =>
            {
                var content = Content(20_000);
                var references = await AtOnceAsync(6, _ => PutAsync(c, content));
                Check.Equal(1, references.Distinct().Count());
                Check.Sequence([references[0].Cid], (await c.Blobs.ListAsync(c.CancellationToken).ListAsync()).Select(static blob => blob.Cid));
                Check.Sequence(content, await c.Blobs.ReadAsync(references[0].Cid, cancellationToken: c.CancellationToken));
            }
        },
        {
            "A text that is no content id, and a media type that is none, are refused", async c =>
            {
                Check.True(!Cid.TryParse("bafkrei", null, out _) && !Cid.TryParse("../../etc/passwd", null, out _), "no content id");
                await Check.ThrowsAsync<ArgumentException>(() => PutAsync(c, Small, ""));
                await Check.ThrowsAsync<ArgumentException>(() => PutAsync(c, Small, new string('m', FactLimits.BlobMimeBytesMax + 1)));
                Check.Sequence([], await c.Blobs.ListAsync(c.CancellationToken).ListAsync());
            }
        },
    };

    public static byte[] Content(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    static Task<BlobReference> PutAsync(ClaimContext c, byte[] content, string mime = BlobReference.MimeDefault) => c.Blobs.PutAsync(content, mime, c.CancellationToken).AsTask();

    /// <summary>Ends with an exception in place of its last byte.</summary>
    sealed class BreakingContent(byte[] content) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => Checked(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Checked(base.Read(buffer));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new IOException("The content has broken off.");

        int Checked(int read) => Position < Length ? read : throw new IOException("The content has broken off.");
    }
}
