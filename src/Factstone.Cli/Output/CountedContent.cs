namespace Factstone.Cli.Output;

/// <summary>A stream that reports how many bytes were read from another one, which it does not close.</summary>
internal sealed class CountedContent(Stream content, Action<long> report) : ReadOnlyContent
{
    long _read;

    public override int Read(Span<byte> buffer) => Counted(content.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(await content.ReadAsync(buffer, cancellationToken));

    int Counted(int read)
    {
        _read += read;
        report(_read);
        return read;
    }
}

/// <summary>Standard input. A read of a terminal or a pipe does not end when it is cancelled, but the wait for it does.</summary>
internal sealed class CancellableInput(Stream input) : ReadOnlyContent
{
    // Not the caller's memory, into which an abandoned read would write.
    readonly byte[] _buffer = new byte[64 * 1_024];

    public override int Read(Span<byte> buffer) => input.Read(buffer);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = Math.Min(buffer.Length, _buffer.Length);
        var read = await Task.Run(() => input.Read(_buffer, 0, wanted), cancellationToken).WaitAsync(cancellationToken);
        _buffer.AsMemory(0, read).CopyTo(buffer);
        return read;
    }
}
