using Factstone.Cli.Output;

namespace Factstone.Cli;

/// <summary>What a command sees of the process around it: its three streams, its terminal, its environment.</summary>
internal sealed class CliHost
{
    public required Stream Input { get; init; }

    public required StandardOutput Output { get; init; }

    public required StandardError Error { get; init; }

    /// <summary>Columns of the terminal, or of plain text.</summary>
    public int Width { get; init; } = 80;

    public Func<string, string?> Environment { get; init; } = _ => null;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
