namespace Factstone.Cli;

/// <summary>Ends a command with an exit code, a name for programs and a sentence for people.</summary>
internal sealed class CliException(int exitCode, string error, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>What happened, as one word that does not change; see docs/cli.md.</summary>
    public string Error { get; } = error;

    public static CliException Usage(string message) => new(ExitCodes.Refused, ErrorNames.Usage, message);

    public static CliException Refused(string message, Exception? inner = null) => new(ExitCodes.Refused, ErrorNames.Refused, message, inner);

    public static CliException Failed(string message, Exception? inner = null) => new(ExitCodes.Failed, ErrorNames.Failed, message, inner);

    public static CliException NotFound(string message) => new(ExitCodes.NotFound, ErrorNames.NotFound, message);
}
