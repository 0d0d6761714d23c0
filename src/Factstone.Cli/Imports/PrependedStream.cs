namespace Factstone.Cli.Imports;

/// <summary>A stream that first returns bytes that were read from it already.</summary>
internal sealed class PrependedStream(ReadOnlyMemory<byte> beginning, Stream rest) : Stream
{
    ReadOnlyMemory<byte> _beginning = beginning;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer) => TakeBeginning(buffer) is var taken and > 0 ? taken : rest.Read(buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (TakeBeginning(buffer.Span) is var taken and > 0) return taken;
        // A read of a terminal or pipe does not end when it is cancelled, but the wait for it does.
        return await rest.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    int TakeBeginning(Span<byte> buffer)
    {
        var taken = Math.Min(buffer.Length, _beginning.Length);
        _beginning.Span[..taken].CopyTo(buffer);
        _beginning = _beginning[taken..];
        return taken;
    }
}
