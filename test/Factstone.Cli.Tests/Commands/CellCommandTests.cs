using System.Text;

namespace Factstone.Cli.Tests;

public sealed class CellCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public CellCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_put_last_is_shown_with_its_version()
    {
        var receipt = (await _cli.RunAsync("cell", "put", "settings/theme", "dark", "--expect", "none", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal(["outcome", "last", "recordedAt", "versions", "cells"], receipt.EnumerateObject().Select(field => field.Name));
        Assert.Equal("""{"settings/theme":1}""", receipt.GetProperty("cells").GetRawText());
        Assert.Contains("settings/theme v2", Assert.Single((await _cli.RunAsync("cell", "put", "settings/theme", "\"light\"", "--expect", "1")).Ends(ExitCodes.Done).Lines), StringComparison.Ordinal);

        var cell = (await _cli.RunAsync("cell", "get", "settings/theme", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal(["bucket", "name", "version", "recordedAt", "value"], cell.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("settings", "theme", 2, "\"light\""), (cell.GetProperty("bucket").GetString(), cell.GetProperty("name").GetString(), cell.GetProperty("version").GetInt32(), cell.GetProperty("value").GetString()));
        Assert.Contains((await _cli.RunAsync("cell", "get", "settings/theme")).Ends(ExitCodes.Done).Lines, line => line.EndsWith("\"light\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_value_is_any_text_or_bytes_also_none()
    {
        (await _cli.RunAsync("cell", "put", "b/", "")).Ends(ExitCodes.Done);
        (await _cli.RunWithInputAsync([0, 0xFF], "cell", "put", "b/bytes", "-")).Ends(ExitCodes.Done);
        (await _cli.RunWithInputAsync([], "cell", "put", "b/empty", "-")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "put", "b/file", $"@{_directory.Write("value", "from a file")}")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "put", "b/number", "-5")).Ends(ExitCodes.Done);

        Assert.Equal("", (await _cli.RunAsync("cell", "get", "b/", "--json")).Json[0].GetProperty("value").GetString());
        Assert.Equal("AP8=", (await _cli.RunAsync("cell", "get", "b/bytes", "--json")).Json[0].GetProperty("valueBase64").GetString());
        Assert.Equal("from a file", (await _cli.RunAsync("cell", "get", "b/file", "--json")).Json[0].GetProperty("value").GetString());
        Assert.Equal("-5", (await _cli.RunAsync("cell", "get", "b/number", "--json")).Json[0].GetProperty("value").GetString());
        Assert.Equal(["", "bytes", "empty", "file", "number"], (await _cli.RunAsync("cell", "keys", "b", "--json")).Ends(ExitCodes.Done).Json.Select(cell => cell.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Names_are_listed_by_prefix_and_page()
    {
        foreach (var name in new[] { "a", "a/b", "ab", "b" }) (await _cli.RunAsync("cell", "put", $"s/{name}", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "delete", "s/ab")).Ends(ExitCodes.Done);
        Assert.Equal(["a", "a/b"], (await _cli.RunAsync("cell", "keys", "s", "--prefix", "a")).Lines);
        Assert.Equal(["a/b"], (await _cli.RunAsync("cell", "keys", "s", "--after", "a", "--limit", "1", "--json")).Json.Select(cell => cell.GetProperty("name").GetString()!));
        Assert.Empty((await _cli.RunAsync("cell", "keys", "none")).Ends(ExitCodes.Done).Lines);
        (await _cli.RunAsync("cell", "keys", "s", "--limit", "-1")).Fails(ExitCodes.Refused, "is negative");
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        (await _cli.RunAsync("cell", "put", "b/n", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "get", "b/m")).Fails(ExitCodes.NotFound, "b/m has no value");
        (await _cli.RunAsync("cell", "delete", "b/m")).Fails(ExitCodes.NotFound, "no value that could be deleted");
        (await _cli.RunAsync("cell", "delete", "b/n", "--expect", "1", "--id", "d")).Ends(ExitCodes.Done);
        Assert.Equal("duplicate", (await _cli.RunAsync("cell", "delete", "b/n", "--expect", "1", "--id", "d", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("outcome").GetString());
        (await _cli.RunAsync("cell", "get", "b/n")).Fails(ExitCodes.NotFound, "b/n has no value");
        Assert.Equal(3, (await _cli.RunAsync("cell", "put", "b/n", "2", "--json")).Json[0].GetProperty("cells").GetProperty("b/n").GetInt32());
    }

    [Fact]
    public async Task A_condition_that_does_not_hold_says_which_version_the_cell_is_at()
    {
        (await _cli.RunAsync("cell", "put", "b/n", "1", "--id", "a")).Ends(ExitCodes.Done);
        var conflict = await _cli.RunAsync("cell", "put", "b/n", "2", "--expect", "none", "--json");
        Assert.Equal(1, conflict.Ends(ExitCodes.Conflict).Json[0].GetProperty("actualVersion").GetInt32());
        Assert.Equal("cell b/n has no value", conflict.Json[0].GetProperty("condition").GetString());
        Assert.Equal(1, conflict.ErrorJson.GetProperty("actualVersion").GetInt32());
        (await _cli.RunAsync("cell", "put", "b/n", "2", "--expect", "2")).Fails(ExitCodes.Conflict, "the cell is at version 1");
        (await _cli.RunAsync("cell", "put", "b/n", "2", "--id", "a")).Fails(ExitCodes.Conflict, "used before");
        (await _cli.RunAsync("cell", "put", "b/n", "1", "--id", "a")).Ends(ExitCodes.Done);
    }

    [Theory]
    [InlineData("no slash", "settings", "names no cell")]
    [InlineData("no bucket", "/theme", "bucket is empty")]
    [InlineData("ours", "$b/n", "belong to Factstone")]
    [InlineData("directory", "../n", "directory")]
    [InlineData("control", "b/n\u0001", "control character")]
    public async Task A_cell_that_cannot_be_is_refused_and_makes_no_ledger(string what, string cell, string says)
    {
        (await _cli.RunAsync("cell", "put", cell, "1")).Fails(ExitCodes.Refused, says);
        Assert.False(Directory.Exists(_cli.Ledger), what);
    }

    [Fact]
    public async Task Names_of_2000_bytes_and_values_of_5_MiB_are_refused()
    {
        (await _cli.RunAsync("cell", "put", $"b/{new string('n', 2_000)}", "1")).Fails(ExitCodes.Refused, "2,000 bytes; at most 1,024");
        (await _cli.RunAsync("cell", "get", $"b/{new string('n', 2_000)}")).Fails(ExitCodes.Failed, "no ledger");
        (await _cli.RunWithInputAsync(new byte[5 * 1_024 * 1_024], "cell", "put", "b/n", "-")).Fails(ExitCodes.Refused, "4,194,304");
        (await _cli.RunAsync("cell", "put", "b/n", "1", "--expect", "-1")).Fails(ExitCodes.Refused, "cannot be at version -1");
        (await _cli.RunAsync("cell", "put", "b/n", "1", "--expect", "one")).Fails(ExitCodes.Refused, "neither a version");
        Assert.False(Directory.Exists(_cli.Ledger));
    }

    [Fact]
    public async Task Inspect_and_stats_show_cells()
    {
        (await _cli.RunAsync("cell", "put", "b/n", "value")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "put", "b/m", "x")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "delete", "b/n")).Ends(ExitCodes.Done);
        var segments = Directory.GetFiles(Path.Combine(_cli.Ledger, "segments"), "*.log");
        var lines = (await _cli.RunAsync("inspect", segments[0])).Ends(ExitCodes.Done).Lines;
        Assert.Contains(lines, line => line.EndsWith("cell b/n v1  value 5", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("cell b/n v2 deleted", StringComparison.Ordinal));
        var cells = (await _cli.RunAsync("inspect", segments[0], "--json")).Json.Where(frame => frame.TryGetProperty("cells", out _)).Select(frame => frame.GetProperty("cells")[0].GetProperty("name").GetString());
        Assert.Equal(["n", "m", "n"], cells);
        Assert.Equal(1, (await _cli.RunAsync("stats", "--json")).Json[0].GetProperty("cells").GetInt32());
        Assert.Equal(0, Encoding.UTF8.GetByteCount((await _cli.RunAsync("verify")).Ends(ExitCodes.Done).Error));
    }
}
