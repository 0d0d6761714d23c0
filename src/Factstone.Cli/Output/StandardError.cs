namespace Factstone.Cli.Output;

/// <summary>What a command prints besides its answer: one line for an error or a notice, and on a terminal one line of progress, which is overwritten.</summary>
internal sealed class StandardError(TextWriter writer, bool isTerminal, int width = 80)
{
    readonly Lock _gate = new();
    int _shown;

    public bool IsTerminal { get; } = isTerminal;

    public void WriteLine(string text)
    {
        lock (_gate)
        {
            Erase();
            writer.WriteLine(text);
            writer.Flush();
        }
    }

    /// <summary>Shows the progress of a longer operation. On a terminal it replaces the line before.</summary>
    public void Show(string status)
    {
        if (!IsTerminal)
        {
            WriteLine(status);
            return;
        }

        lock (_gate)
        {
            Erase();
            var line = TextFit.Fit(status, Math.Max(1, width - 1));
            writer.Write(line);
            writer.Flush();
            _shown = line.Length;
        }
    }

    /// <summary>Clears the line of progress.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            Erase();
            writer.Flush();
        }
    }

    void Erase()
    {
        if (_shown == 0) return;
        writer.Write("\r\u001b[2K");
        _shown = 0;
    }
}
