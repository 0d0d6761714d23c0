using System.Buffers;
using System.Security.Cryptography;

namespace Factstone;

/// <summary>The content of a blob, which is verified while it is read: forward only, from the first byte to the last.</summary>
/// <remarks>
/// <para>The last byte is handed out only after the hash over all bytes was compared with the CID. If they differ, the read that would
/// return the last byte throws <see cref="BlobDamagedException"/>, and so does every read after it; the bytes of that read are cleared.
/// Bytes of earlier reads were handed out unverified: what was done with them has to be undone, or done only at the end.</para>
/// <para>A reader that stops before the end has verified nothing. An empty blob is verified by the first read, which returns 0.</para>
/// <para>Threads: one at a time.</para>
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1710", Justification = "A stream is a sequence of facts here.")]
public sealed class BlobContent : Stream
{
    const int VerifyingBytes = 128 * 1_024;

    readonly Stream _stored;
    readonly string _location;
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    string? _damage;
    long _read;

    /// <summary>For a store: content that is verified as it is read.</summary>
    /// <param name="stored">The stored bytes, from the first one. It is disposed of with this.</param>
    /// <param name="cid">The name of the blob.</param>
    /// <param name="size">The number of stored bytes. No more are read.</param>
    /// <param name="location">Where the bytes are stored, for messages.</param>
    public BlobContent(Stream stored, Cid cid, long size, string location)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(location);
        (_stored, Cid, Size, _location) = (stored, cid, size, location);
    }

    /// <summary>The name of the blob.</summary>
    public Cid Cid { get; }

    /// <summary>Bytes of the content. Of a damaged blob it may be another number.</summary>
    public long Size { get; }

    /// <summary>Whether everything was read, and has the hash of the CID.</summary>
    public bool IsVerified { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Not supported; see <see cref="Size"/>.</summary>
    public override long Length => throw new NotSupportedException("A blob is read forward only. Its length is Size.");

    /// <summary>The number of bytes that were read. It cannot be set.</summary>
    public override long Position { get => _read; set => throw new NotSupportedException("A blob is read forward only."); }

    /// <summary>Reads what is left, and verifies the whole.</summary>
    /// <exception cref="BlobDamagedException">The stored bytes are not the content.</exception>
    public async ValueTask VerifyToEndAsync(CancellationToken cancellationToken = default)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(VerifyingBytes);
        try
        {
            while (await ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0) { }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="BlobDamagedException">The stored bytes are not the content.</exception>
    public override int Read(Span<byte> buffer)
    {
        var next = buffer[..Wanted(buffer.Length)];
        return Verified(next, next.IsEmpty ? 0 : _stored.Read(next));
    }

    /// <inheritdoc/>
    /// <exception cref="BlobDamagedException">The stored bytes are not the content.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var next = buffer[..Wanted(buffer.Length)];
        var read = next.IsEmpty ? 0 : await _stored.ReadAsync(next, cancellationToken).ConfigureAwait(false);
        return Verified(next.Span, read);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Does nothing.</summary>
    public override void Flush() { }

    /// <summary>Not supported.</summary>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A blob is read forward only.");

    /// <summary>Not supported.</summary>
    public override void SetLength(long value) => throw new NotSupportedException("A blob cannot be changed.");

    /// <summary>Not supported.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A blob cannot be changed.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stored.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    int Wanted(int room)
    {
        if (_damage is not null) throw new BlobDamagedException(Cid, _location, _damage);
        return (int)Math.Min(room, Size - _read);
    }

    int Verified(Span<byte> next, int read)
    {
        if (IsVerified || (next.IsEmpty && _read < Size)) return 0;
        if (read == 0 && _read < Size) throw Damaged(next, $"the stored bytes end after {_read:N0} of {Size:N0}");
        _hash.AppendData(next[..read]);
        _read += read;
        if (_read < Size) return read;

        // Before the last bytes are handed out.
        Span<byte> digest = stackalloc byte[Cid.DigestBytes];
        _hash.GetHashAndReset(digest);
        if (Cid.FromDigest(digest) != Cid) throw Damaged(next, $"the hash of its {Size:N0} bytes is another one");
        IsVerified = true;
        return read;
    }

    BlobDamagedException Damaged(Span<byte> next, string what)
    {
        next.Clear();
        _damage = what;
        return new BlobDamagedException(Cid, _location, what);
    }
}
