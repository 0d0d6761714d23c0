namespace Factstone;

/// <summary>Bytes in memory as a stream, without a copy.</summary>
internal sealed class MemoryContent(ReadOnlyMemory<byte> bytes) : ReadOnlyContent
{
    int _read;

    public override int Read(Span<byte> buffer)
    {
        var next = bytes.Span.Slice(_read, Math.Min(buffer.Length, bytes.Length - _read));
        next.CopyTo(buffer);
        _read += next.Length;
        return next.Length;
    }
}

/// <summary>A stream that is read forward only, without waiting.</summary>
internal abstract class ReadOnlyContent : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public abstract override int Read(Span<byte> buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
