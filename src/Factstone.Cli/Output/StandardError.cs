namespace Factstone.Cli.Output;

/// <summary>What a command says beside its answer: one line for an error or a notice, and on a terminal one line of progress that is overwritten.</summary>
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

    /// <summary>Shows where a longer work stands. On a terminal it replaces the line before.</summary>
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

    /// <summary>Takes the line of progress away.</summary>
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
