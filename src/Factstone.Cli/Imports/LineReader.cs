using System.IO.Compression;

namespace Factstone.Cli.Imports;

/// <summary>The lines of a file, compressed or not, one at a time; blank lines are skipped.</summary>
internal sealed class LineReader : IAsyncDisposable
{
    /// <summary>More than any payload; a line is held in memory.</summary>
    const int LineBytesMax = 16 * 1_024 * 1_024;

    readonly Stream _text;
    readonly DelimitedReader _lines;

    // By default the framework accepts a truncated compressed file as complete.
    static LineReader() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", isEnabled: true);

    public LineReader(Stream source)
    {
        _text = Unpacked(source);
        _lines = new DelimitedReader(_text, (byte)'\n', LineBytesMax);
    }

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number => _lines.Count;

    /// <summary>The next line without its end, valid until the next call; null at the end of the file.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken ct)
    {
        while (await LineAsync(ct) is { } bytes)
        {
            var content = bytes.Span is [.., (byte)'\r'] ? bytes[..^1] : bytes;
            if (content.Span.IndexOfAnyExcept((byte)' ', (byte)'\t') >= 0) return content;
        }

        return null;
    }

    public ValueTask DisposeAsync() => _text.DisposeAsync();

    async ValueTask<ReadOnlyMemory<byte>?> LineAsync(CancellationToken ct)
    {
        try
        {
            return await _lines.ReadAsync(ct);
        }
        catch (PieceTooLongException tooLong)
        {
            throw CliException.Refused($"Line {tooLong.Number} has more than {LineBytesMax:N0} bytes.", tooLong);
        }
        catch (InvalidDataException damaged)
        {
            throw CliException.Failed($"The compressed file is damaged or incomplete after line {_lines.Count}: {damaged.Message}", damaged);
        }
    }

    /// <summary>gzip is recognised by its first two bytes, not by a name, which standard input does not have.</summary>
    static Stream Unpacked(Stream source)
    {
        var beginning = new byte[2];
        var read = source.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        var whole = new PrependedStream(beginning.AsMemory(0, read), source);
        return beginning is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }
}
