namespace Factstone.Cli.Imports;

/// <summary>Splits a stream of bytes at a delimiter, and holds one piece at a time.</summary>
internal sealed class DelimitedReader(Stream source, byte delimiter, int pieceBytesMax)
{
    byte[] _buffer = new byte[64 * 1_024];
    int _start, _end, _searched;
    bool _isAtEnd;

    /// <summary>Pieces returned so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the last piece returned ended with the delimiter, not with the stream.</summary>
    public bool WasDelimited { get; private set; }

    /// <summary>The next piece without its delimiter, valid until the next call; null at the end.</summary>
    /// <exception cref="PieceTooLongException">The piece is longer than allowed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            var found = _buffer.AsSpan(_searched, _end - _searched).IndexOf(delimiter);
            var length = (found < 0 ? _end : _searched + found) - _start;
            if (length > pieceBytesMax) throw new PieceTooLongException(Count + 1, _buffer.AsMemory(_start, Math.Min(length, 64)));
            if (found >= 0) return Take(length, isDelimited: true);
            if (_isAtEnd && length == 0) return null;
            if (_isAtEnd) return Take(length, isDelimited: false);

            _searched = _end;
            await FillAsync(ct);
        }
    }

    ReadOnlyMemory<byte> Take(int length, bool isDelimited)
    {
        var piece = _buffer.AsMemory(_start, length);
        _start += length + (isDelimited ? 1 : 0);
        _searched = _start;
        WasDelimited = isDelimited;
        Count++;
        return piece;
    }

    async ValueTask FillAsync(CancellationToken ct)
    {
        if (_end == _buffer.Length)
        {
            var target = _start == 0 ? new byte[_buffer.Length * 2] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            (_buffer, _end, _searched, _start) = (target, _end - _start, _searched - _start, 0);
        }

        var read = await source.ReadAsync(_buffer.AsMemory(_end), ct);
        _end += read;
        _isAtEnd = read == 0;
    }
}

/// <summary>A piece of a stream is longer than the limit for memory.</summary>
internal sealed class PieceTooLongException(long number, ReadOnlyMemory<byte> beginning) : Exception("A piece is too long.")
{
    /// <summary>The number of the piece, from 1.</summary>
    public long Number { get; } = number;

    public ReadOnlyMemory<byte> Beginning { get; } = beginning;
}
