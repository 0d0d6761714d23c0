namespace Factstone.Cli.Tests;

/// <summary>The scoreboard on the command line. The claims themselves are run by Factstone.Tests.</summary>
public sealed class ConformanceCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public ConformanceCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_scoreboard_is_text_json_or_markdown_and_nothing_is_left()
    {
        var text = (await RunAsync("--facet", "batch")).Ends(ExitCodes.Done).Output;
        Assert.Contains("facet           passed  failed  missing   total\nbatch               14       0        0      14\n", text, StringComparison.Ordinal);
        Assert.Contains("1 of 1 facets are complete: 14 claims passed, 0 failed, 0 are missing.", text, StringComparison.Ordinal);

        var runs = (await RunAsync("--facet", "snapshot", "--seed", "42", "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal(["in a directory", "in memory", "on a simulated disk that crashes at random I/Os, seed 42", "restored from its backup after each append"], runs.Select(static run => run.GetProperty("source").GetString()));
        Assert.All(runs, static run => Assert.Equal((1, 0, 0), (run.GetProperty("facetsComplete").GetInt32(), run.GetProperty("failed").GetInt32(), run.GetProperty("missing").GetInt32())));

        var markdown = (await RunAsync("--facet", "blob", "--markdown")).Ends(ExitCodes.Done).Output;
        Assert.Contains("| blob | 18 | 0 | 0 | 18 |", markdown, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task A_defect_of_a_facet_is_noticed()
    {
        Assert.Matches("^cas: conditions on cells are not checked; noticed by [0-9]+ of its claims\n$", (await RunAsync("--facet", "cas", "--mutations")).Ends(ExitCodes.Done).Output);
        Assert.Contains("| blob | the last byte of a blob is not stored | 10 |", (await RunAsync("--facet", "blob", "--mutations", "--markdown")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        Assert.True((await RunAsync("--facet", "log", "--mutations", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("noticedBy").GetArrayLength() > 0);
    }

    [Theory]
    [InlineData("there is no facet 'acl'", "--facet", "acl")]
    [InlineData("--markdown goes without --json only", "--markdown", "--json")]
    [InlineData("--in: the directory has no name", "--in", "")]
    public async Task Wrong_usage_is_refused(string saying, params string[] options)
    {
        var answer = await _cli.RunAsync(["conformance", .. options]);
        Assert.Equal(ExitCodes.Refused, answer.ExitCode);
        Assert.Contains(saying, answer.Error, StringComparison.Ordinal);
    }

    Task<CliAnswer> RunAsync(params string[] options) => _cli.RunAsync(["conformance", "--in", _directory.Path, .. options]);
}
