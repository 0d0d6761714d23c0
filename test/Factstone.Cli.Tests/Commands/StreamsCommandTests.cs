namespace Factstone.Cli.Tests;

public sealed class StreamsCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public StreamsCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Stores_are_listed_with_their_counts()
    {
        await FillAsync();
        var stores = (await _cli.RunAsync("streams", "--json")).Ends(ExitCodes.Done).Lines;
        Assert.Equal(["""{"store":"files","streams":4,"facts":5}""", """{"store":"orders","streams":1,"facts":2}""", """{"store":"über","streams":1,"facts":1}"""], stores);
        Assert.Equal(["orders  1 stream, 2 facts"], (await _cli.RunAsync("streams", "--after", "files", "--limit", "1")).Lines);
        (await _cli.RunAsync("streams", "--as-of", "@1")).Fails(ExitCodes.Refused, "stores are counted as they are now");
    }

    [Fact]
    public async Task Streams_are_listed_by_prefix_and_page_with_their_last_versions_the_retracted_ones_too()
    {
        await FillAsync();
        Assert.Equal(["a  v1  @1", "src/a  v2  @7  (retracted)", "src/b  v1  @3", "z  v1  @4"], (await _cli.RunAsync("streams", "files")).Ends(ExitCodes.Done).Lines);
        Assert.Equal(
            ["""{"store":"files","key":"src/a","version":2,"position":7,"retracted":true}""", """{"store":"files","key":"src/b","version":1,"position":3}"""],
            (await _cli.RunAsync("streams", "files/src/", "--json")).Lines);
        Assert.Equal(["src/b  v1  @3"], (await _cli.RunAsync("streams", "files", "--after", "src/a", "--limit", "1")).Lines);
        Assert.Empty((await _cli.RunAsync("streams", "files", "--limit", "0")).Ends(ExitCodes.Done).Lines);
        Assert.Empty((await _cli.RunAsync("streams", "nothing")).Ends(ExitCodes.Done).Lines);
    }

    [Fact]
    public async Task As_of_a_position_a_stream_has_the_version_that_it_had_and_later_ones_are_not_there()
    {
        await FillAsync();
        Assert.Equal(["a  v1  @1", "src/a  v1  @2"], (await _cli.RunAsync("streams", "files", "--as-of", "@2")).Ends(ExitCodes.Done).Lines);
        Assert.Empty((await _cli.RunAsync("streams", "files", "--as-of", "@0")).Ends(ExitCodes.Done).Lines);
        (await _cli.RunAsync("streams", "files", "--as-of", "@99")).Fails(ExitCodes.Refused, "is too high");
    }

    [Theory]
    [InlineData("--limit: -1", "streams", "files", "--limit", "-1")]
    [InlineData("store is empty", "streams", "")]
    [InlineData("directory", "streams", "../x")]
    [InlineData("129 bytes", "streams", "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss")]
    [InlineData("control character", "streams", "s/a\u0001")]
    [InlineData("control character", "streams", "s", "--after", "a\u0001")]
    [InlineData("neither a position nor a time", "streams", "s", "--as-of", "yesterday")]
    public async Task What_cannot_be_listed_is_refused(string saying, params string[] arguments)
    {
        await FillAsync();
        (await _cli.RunAsync(arguments)).Fails(ExitCodes.Refused, saying);
    }

    [Fact]
    public async Task Stats_count_the_files_of_the_index()
    {
        await FillAsync();
        var stats = (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0];
        var runs = Directory.GetFiles(Path.Combine(_cli.Ledger, "index"), "*.run");
        Assert.Equal(runs.Length, stats.GetProperty("runs").GetInt32());
        Assert.Equal(runs.Sum(run => new FileInfo(run).Length), stats.GetProperty("runBytes").GetInt64());
        Assert.Contains((await _cli.RunAsync("stats")).Lines, line => line.StartsWith("index ", StringComparison.Ordinal) && line.EndsWith(" bytes", StringComparison.Ordinal));
    }

    async Task FillAsync()
    {
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var stream in new[] { "files/a", "files/src/a", "files/src/b", "files/z", "orders/1", "orders/1" }) await ledger.AppendAsync(new NewFact(stream, "t", "1"), TestContext.Current.CancellationToken);
        await ledger.AppendAsync(NewFact.Retraction("files/src/a"), TestContext.Current.CancellationToken);
        await ledger.AppendAsync(new NewFact("über/1", "t", "1"), TestContext.Current.CancellationToken);
    }
}
