using System.Text.Json;
using System.Text.RegularExpressions;

namespace Factstone.Cli.Tests;

/// <summary>The output and exit code of a run of the command line.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="WholeError">Standard error.</param>
sealed partial record CliAnswer(int ExitCode, string Output, string WholeError)
{
    /// <summary>Standard error without the lines of progress, which a slow machine adds.</summary>
    public string Error { get; } = Progress().Replace(WholeError, "");

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output as one JSON value per line.</summary>
    public IReadOnlyList<JsonElement> Json => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>The only JSON object on standard error.</summary>
    public JsonElement ErrorJson => JsonDocument.Parse(Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries))).RootElement;

    public CliAnswer Ends(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"Exit code {ExitCode} instead of {exitCode}.\n{Output}\n{Error}");
        return this;
    }

    /// <summary>The command failed with one line of text that contains this.</summary>
    public void Fails(int exitCode, string saying)
    {
        Ends(exitCode);
        var line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(saying, line, StringComparison.Ordinal);
    }

    [GeneratedRegex("^(Opening the ledger|Importing|Exporting|Copying|Verifying|Comparing the index|Reading the log|Importing the history): .*\n|^(git is gathering the history|Waiting for the first line)\n", RegexOptions.Multiline)]
    private static partial Regex Progress();
}
