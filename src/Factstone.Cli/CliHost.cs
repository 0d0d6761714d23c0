using Factstone.Cli.Output;

namespace Factstone.Cli;

/// <summary>The environment of a command: its three streams, its terminal, its variables.</summary>
internal sealed class CliHost
{
    public required Stream Input { get; init; }

    public required StandardOutput Output { get; init; }

    public required StandardError Error { get; init; }

    /// <summary>Columns of the terminal, or of plain text without one.</summary>
    public int Width { get; init; } = 80;

    public Func<string, string?> Environment { get; init; } = _ => null;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
