using Xunit;

namespace Factstone;

/// <summary>What is read of a blob ends with its last byte only if all of it has the hash of its name.</summary>
public sealed class BlobContentTests
{
    static readonly byte[] Bytes = [.. Enumerable.Range(0, 1_000).Select(static i => (byte)(i * 7))];

    public static TheoryData<int> Buffers => [1, 7, 999, 1_000, 1_001, 4_096];

    [Theory, MemberData(nameof(Buffers))]
    public async Task Whole_content_is_handed_out_and_verified(int buffer)
    {
        foreach (var isAsync in new[] { false, true })
        {
            await using var content = Of(Bytes, Cid.Of(Bytes));
            Assert.Equal((Cid.Of(Bytes), 1_000L, false), (content.Cid, content.Size, content.IsVerified));
            var (read, failure) = await ReadAsync(content, buffer, isAsync);
            Assert.Null(failure);
            Assert.Equal(Bytes, read);
            Assert.True(content.IsVerified);
            Assert.Equal(0, content.Read(new byte[10]));
            Assert.Equal(1_000, content.Position);
        }
    }

    [Theory, MemberData(nameof(Buffers))]
    public async Task A_flipped_bit_at_any_byte_is_reported_before_the_last_byte_is_handed_out(int buffer)
    {
        for (var at = 0; at < Bytes.Length; at += buffer == 1 ? 41 : 1)
        {
            var damaged = Bytes.ToArray();
            damaged[at] ^= 0x10;
            await using var content = Of(damaged, Cid.Of(Bytes));
            var (read, failure) = await ReadAsync(content, buffer, isAsync: at % 2 == 0);
            var reported = Assert.IsType<BlobDamagedException>(failure);
            Assert.Equal((Cid.Of(Bytes), "store/file"), (reported.Cid, reported.Location));
            Assert.Contains("store/file", reported.Message, StringComparison.Ordinal);
            Assert.True(read.Count < Bytes.Length);
            Assert.False(content.IsVerified);
            Assert.Throws<BlobDamagedException>(() => content.Read(new byte[10]));
            await Assert.ThrowsAsync<BlobDamagedException>(() => content.VerifyToEndAsync(TestContext.Current.CancellationToken).AsTask());
        }
    }

    [Fact]
    public async Task Content_that_is_cut_or_longer_is_reported()
    {
        foreach (var stored in new[] { [], Bytes[..1], Bytes[..999], [.. Bytes, 0], [.. Bytes, .. Bytes] })
        {
            await using var content = Of(stored, Cid.Of(Bytes));
            Assert.IsType<BlobDamagedException>((await ReadAsync(content, 64, isAsync: true)).Failure);
        }

        // Cut after it was opened.
        await using var cut = new BlobContent(new MemoryStream(Bytes[..500]), Cid.Of(Bytes), Bytes.Length, "store/file");
        Assert.Contains("end after 500 of 1,000", (await ReadAsync(cut, 64, isAsync: false)).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_of_the_read_that_fails_are_cleared()
    {
        var damaged = Bytes.ToArray();
        damaged[3] ^= 1;
        await using var content = Of(damaged, Cid.Of(Bytes));
        var buffer = Enumerable.Repeat((byte)0xEE, 1_200).ToArray();
        Assert.Throws<BlobDamagedException>(() => content.Read(buffer));
        Assert.True(buffer.AsSpan(0, 1_000).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public async Task Empty_content_is_verified_by_the_first_read()
    {
        await using var empty = Of([], Cid.Of([]));
        Assert.Equal(0, empty.Read(new byte[5]));
        Assert.True(empty.IsVerified);
        await using var other = Of([], Cid.Of(Bytes));
        Assert.Throws<BlobDamagedException>(() => other.Read(new byte[5]));
    }

    [Fact]
    public async Task It_is_read_forward_only_and_never_changed()
    {
        await using var content = Of(Bytes, Cid.Of(Bytes));
        Assert.Equal((true, false, false), (content.CanRead, content.CanSeek, content.CanWrite));
        Assert.Throws<NotSupportedException>(() => content.Length);
        Assert.Throws<NotSupportedException>(() => content.Position = 1);
        Assert.Throws<NotSupportedException>(() => content.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => content.SetLength(0));
        Assert.Throws<NotSupportedException>(() => content.Write([1], 0, 1));
        Assert.Equal(0, content.Read([]));
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(Bytes, copy.ToArray());
    }

    // A store of others has nothing to do for the verification, and short forms work on it.
    [Fact]
    public async Task A_store_of_others_is_verified_too()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var store = new OtherStore();
        var reference = await store.PutAsync(Bytes, "image/png", cancellation);
        Assert.Equal(new BlobReference(Cid.Of(Bytes), 1_000, "image/png"), reference);
        Assert.Equal(Bytes, await store.ReadAsync(reference.Cid, cancellationToken: cancellation));
        Assert.True(await store.ExistsAsync(reference.Cid, cancellation));
        Assert.False(await store.ExistsAsync(Cid.Of([]), cancellation));
        await Assert.ThrowsAsync<BlobNotFoundException>(() => store.ReadAsync(Cid.Of([]), cancellationToken: cancellation).AsTask());
        Assert.Contains("at most 999", (await Assert.ThrowsAsync<ArgumentException>(() => store.ReadAsync(reference.Cid, 999, cancellation).AsTask())).Message, StringComparison.Ordinal);
        store.Stored[reference.Cid][17] ^= 1;
        await Assert.ThrowsAsync<BlobDamagedException>(() => store.ReadAsync(reference.Cid, cancellationToken: cancellation).AsTask());
    }

    static BlobContent Of(byte[] stored, Cid cid) => new(new MemoryStream(stored), cid, stored.Length, "store/file");

    static async Task<(List<byte> Read, Exception? Failure)> ReadAsync(BlobContent content, int buffer, bool isAsync)
    {
        var (all, bytes) = (new List<byte>(), new byte[buffer]);
        try
        {
            int read;
            while ((read = isAsync ? await content.ReadAsync(bytes) : content.Read(bytes, 0, buffer)) > 0) all.AddRange(bytes[..read]);
            return (all, null);
        }
        catch (FactstoneException failure)
        {
            return (all, failure);
        }
    }

    /// <summary>The least that a store has to do.</summary>
    sealed class OtherStore : IBlobStore
    {
        public Dictionary<Cid, byte[]> Stored { get; } = [];

        public bool IsReadOnly => false;

        public async ValueTask<BlobReference> PutAsync(Stream content, string mime, CancellationToken cancellationToken)
        {
            using var copy = new MemoryStream();
            await content.CopyToAsync(copy, cancellationToken);
            var bytes = copy.ToArray();
            Stored[Cid.Of(bytes)] = bytes;
            return new BlobReference(Cid.Of(bytes), bytes.Length, mime);
        }

        public ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken) =>
            Stored.TryGetValue(cid, out var bytes) ? ValueTask.FromResult(new BlobContent(new MemoryStream(bytes), cid, bytes.Length, "memory")) : throw new BlobNotFoundException(cid, "memory");

        public ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken) =>
            ValueTask.FromResult<BlobStat?>(Stored.TryGetValue(cid, out var bytes) ? new BlobStat(cid, bytes.Length) : null);

        public async IAsyncEnumerable<BlobStat> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            foreach (var (cid, bytes) in Stored) yield return new BlobStat(cid, bytes.Length);
        }
    }
}
