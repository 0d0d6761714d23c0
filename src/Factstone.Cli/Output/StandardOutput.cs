using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>The answer of a command: lines of text or of JSON, in UTF-8.</summary>
/// <remarks>Threads: each line is written whole. The receipts of an import come from another thread than the rest.</remarks>
internal sealed class StandardOutput(Stream stream, bool isTerminal)
{
    const int BufferBytes = 64 * 1_024;

    /// <summary>EPIPE, on every system that has it.</summary>
    const int BrokenPipe = 32;

    // Names, keys and payloads are shown as they were written, not as \u escapes: a terminal is not a web page.
    static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = false, MaxDepth = 1_000 };

    readonly Lock _gate = new();
    readonly ArrayBufferWriter<byte> _pending = new(BufferBytes);

    public bool IsTerminal { get; } = isTerminal;

    public void WriteLine(string text)
    {
        lock (_gate)
        {
            Encoding.UTF8.GetBytes(text, _pending);
            EndLine();
        }
    }

    /// <summary>Writes one JSON value, on one line.</summary>
    public void WriteJson(Action<Utf8JsonWriter> write)
    {
        lock (_gate)
        {
            using (var json = new Utf8JsonWriter(_pending, JsonOptions)) write(json);
            EndLine();
        }
    }

    /// <summary>Writes bytes as they are, at once.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            Flush();
            WriteOut(bytes);
        }
    }

    /// <summary>For code that writes text itself.</summary>
    public TextWriter AsTextWriter() => new Writer(this);

    /// <summary>Writes the buffered output.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_pending.WrittenCount == 0) return;
            try
            {
                WriteOut(_pending.WrittenSpan);
            }
            finally
            {
                // Output that could not be written is dropped, because the end of the process flushes, too.
                _pending.ResetWrittenCount();
            }
        }
    }

    void WriteOut(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
            stream.Flush();
        }
        catch (IOException failure) when (failure.HResult == BrokenPipe)
        {
            throw new OutputClosedException(failure);
        }
    }

    void EndLine()
    {
        _pending.Write("\n"u8);
        if (IsTerminal || _pending.WrittenCount >= BufferBytes) Flush();
    }

    void Write(ReadOnlySpan<char> text)
    {
        lock (_gate)
        {
            Encoding.UTF8.GetBytes(text, _pending);
            if (IsTerminal || _pending.WrittenCount >= BufferBytes) Flush();
        }
    }

    sealed class Writer(StandardOutput output) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => output.Write([value]);

        public override void Write(string? value) => output.Write(value);

        public override void Write(char[] buffer, int index, int count) => output.Write(buffer.AsSpan(index, count));
    }
}

/// <summary>The reader of standard output has closed it: <c>factstone facts | head</c>.</summary>
internal sealed class OutputClosedException(IOException cause) : IOException("The reader of standard output has closed it.", cause);
