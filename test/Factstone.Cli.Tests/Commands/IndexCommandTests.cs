using Factstone.Storage;

namespace Factstone.Cli.Tests;

/// <summary>What the command line shows of the runs of the index, and how it reports wrong ones.</summary>
public sealed class IndexCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public IndexCommandTests() => _cli = new Cli(_directory);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Inspect_shows_the_terms_of_a_run_with_their_positions()
    {
        await FillAsync();
        var run = OnlyRun();
        var json = (await _cli.RunAsync("inspect", run, "--terms", "--json")).Ends(ExitCodes.Done).Json;
        var head = json[0];
        Assert.Equal(("run", 1, 5, 5), (head.GetProperty("kind").GetString(), head.GetProperty("first").GetInt32(), head.GetProperty("last").GetInt32(), head.GetProperty("facts").GetInt32()));
        Assert.Equal(new FileInfo(run).Length, head.GetProperty("bytes").GetInt64());
        Assert.Equal("00000000000000000001.000001.log", Assert.Single(head.GetProperty("segments").EnumerateArray()).GetProperty("file").GetString());
        Assert.Empty(head.GetProperty("damagedBlocks").EnumerateArray());

        string Term(string kind, string name, string? key = null) =>
            json.Skip(1).Single(term => term.GetProperty("kind").GetString() == kind && term.GetProperty("name").GetString() == name && (key is null || term.GetProperty("key").GetString() == key)).GetRawText();
        Assert.Equal($$"""{"kind":"stream","name":"orders","key":"1","count":3,"positions":[1,3,4],"versions":[1,2,3],"fileOffsets":[{{string.Join(',', await OffsetsAsync(1, 3, 4))}}],"retracting":[4]}""", Term("stream", "orders", "1"));
        Assert.Equal("""{"kind":"store","name":"orders","count":4,"positions":[1,2,3,4]}""", Term("store", "orders"));
        Assert.Equal("""{"kind":"type","name":"placed","count":2,"positions":[1,2]}""", Term("type", "placed"));
        Assert.Equal("""{"kind":"tag","name":"vip","count":1,"positions":[2]}""", Term("tag", "vip"));
        Assert.StartsWith("""{"kind":"appendId","name":"a1","first":1,"count":2,"frame":{"file":"0""", Term("appendId", "a1"), StringComparison.Ordinal);
        Assert.StartsWith("""{"kind":"cell","name":"b","key":"n","version":1,"place":{"file":"0""", Term("cell", "b", "n"), StringComparison.Ordinal);
        Assert.Equal("""{"kind":"terms","stream":3,"store":2,"type":1,"tag":1,"appendId":1,"cell":1}""", json[^1].GetRawText());

        var lines = (await _cli.RunAsync("inspect", run, "--terms")).Ends(ExitCodes.Done).Lines;
        Assert.Contains("stream orders/1  v1@1 v2@3 v3@4(retracts)", lines);
        Assert.Contains("appendId a1  @1..@2", lines);
        Assert.Contains(lines, line => line.TrimStart() == "3  stream, 5 facts");
        Assert.DoesNotContain((await _cli.RunAsync("inspect", run)).Ends(ExitCodes.Done).Lines, line => line.StartsWith("stream ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inspect_shows_a_run_of_cells_alone()
    {
        foreach (var value in (string[])["1", "2"]) (await _cli.RunAsync("cell", "put", "b/n", value)).Ends(ExitCodes.Done);
        var runs = Directory.GetFiles(Path.Combine(_cli.Ledger, "index"), "*.run").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(["00000000000000000001-00000000000000000000.000001.run", "00000000000000000001-00000000000000000000.run"], runs.Select(Path.GetFileName));

        var json = (await _cli.RunAsync("inspect", runs[0], "--terms", "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal((1, 0, 0, 1), (json[0].GetProperty("first").GetInt32(), json[0].GetProperty("last").GetInt32(), json[0].GetProperty("facts").GetInt32(), json[0].GetProperty("cells").GetInt32()));
        Assert.True(json[0].TryGetProperty("start", out _));
        Assert.False(json[0].TryGetProperty("firstRecordedAt", out _));
        Assert.Equal(2, json[1].GetProperty("version").GetInt32());
        var lines = (await _cli.RunAsync("inspect", runs[1], "--terms")).Ends(ExitCodes.Done).Lines;
        Assert.Contains("run without facts, before @1", lines[0], StringComparison.Ordinal);
        Assert.Contains("it begins with the log", lines);
        Assert.Contains(lines, line => line.StartsWith("cell b/n  v1, at offset ", StringComparison.Ordinal));
        Assert.Contains("2 runs of the index compared with the log.", (await _cli.RunAsync("verify", "--deep")).Ends(ExitCodes.Done).Lines);
    }

    [Fact]
    public async Task Inspect_says_what_of_a_run_is_damaged()
    {
        await FillAsync();
        var run = OnlyRun();
        var whole = File.ReadAllBytes(run);
        foreach (var (at, saying) in new[] { (whole.Length - 1, "The footer"), (whole.Length - RunFooter.Bytes - 1, "The checksums of its blocks") })
        {
            Flip(run, whole, at);
            (await _cli.RunAsync("inspect", run)).Fails(ExitCodes.Failed, saying);
        }

        Flip(run, whole, 0);
        Assert.Contains("DAMAGED: block 0, at offset 0", (await _cli.RunAsync("inspect", run, "--terms")).Ends(ExitCodes.Done).Lines);
        Assert.Equal("[0]", (await _cli.RunAsync("inspect", run, "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("damagedBlocks").GetRawText());
        File.WriteAllText(run, "short");
        (await _cli.RunAsync("inspect", run)).Fails(ExitCodes.Failed, "The footer");
        (await _cli.RunAsync("inspect", _directory.At("none.run"))).Fails(ExitCodes.Failed, "There is no file");
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(_cli.Ledger, "segments"), "*.log"));
        (await _cli.RunAsync("inspect", segment, "--terms")).Fails(ExitCodes.Refused, "--terms");
    }

    [Fact]
    public async Task A_deep_check_of_a_sound_ledger_says_how_many_runs_it_compared()
    {
        await FillAsync();
        var json = Assert.Single((await _cli.RunAsync("verify", "--deep", "--json")).Ends(ExitCodes.Done).Json);
        Assert.Equal(1, json.GetProperty("runsCompared").GetInt32());
        Assert.Contains("1 run of the index compared with the log.", (await _cli.RunAsync("verify", "--deep")).Ends(ExitCodes.Done).Lines);
        Assert.False(Assert.Single((await _cli.RunAsync("verify", "--json")).Ends(ExitCodes.Done).Json).TryGetProperty("runsCompared", out _));
    }

    // The checksums of this run are valid, so no read finds the mistake. A mistake in a merge would stay in the index forever.
    [Fact]
    public async Task A_deep_check_finds_an_index_that_lies_and_says_that_it_can_be_removed()
    {
        var options = new LedgerOptions();
        using (var ledger = Ledger.Open(FileStorage.Open(new DiskFileSystem(), _cli.Ledger, new StorageOptions { MemoryFactsMax = 4, Defect = Defect.MergeDropsList }, Cancel), options))
            for (var i = 0; i < 100; i++) await ledger.AppendAsync(new NewFact($"orders/{i}", "placed", "1"), Cancel);

        (await _cli.RunAsync("verify")).Ends(ExitCodes.Done);
        var before = Names();
        var answer = (await _cli.RunAsync("verify", "--deep", "--json")).Ends(ExitCodes.Damaged);
        var damage = answer.Json[0].GetProperty("damage").EnumerateArray().ToList();
        Assert.NotEmpty(damage);
        Assert.All(damage, one => Assert.EndsWith(".run", one.GetProperty("file").GetString(), StringComparison.Ordinal));
        Assert.Contains(damage, one => one.GetProperty("what").GetString()!.Contains("the type placed has", StringComparison.Ordinal));
        Assert.Contains("rm -r", answer.Error, StringComparison.Ordinal);
        Assert.Equal(before, Names());

        Directory.Delete(Path.Combine(_cli.Ledger, "index"), recursive: true);
        (await _cli.RunAsync("append", "orders/1", "placed", "2")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("verify", "--deep")).Ends(ExitCodes.Done);
    }

    static void Flip(string path, byte[] whole, int at)
    {
        var bytes = (byte[])whole.Clone();
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>The offsets of facts in the only segment, as <c>inspect</c> prints them.</summary>
    async Task<IEnumerable<long>> OffsetsAsync(params int[] positions)
    {
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(_cli.Ledger, "segments"), "*.log"));
        var facts = (await _cli.RunAsync("inspect", segment, "--json")).Ends(ExitCodes.Done).Json
            .Where(frame => frame.TryGetProperty("contents", out _))
            .SelectMany(frame => frame.GetProperty("contents").EnumerateArray())
            .Where(fact => fact.TryGetProperty("position", out _))
            .ToDictionary(fact => fact.GetProperty("position").GetInt32(), fact => fact.GetProperty("fileOffset").GetInt64());
        return positions.Select(position => facts[position]);
    }

    string OnlyRun() => Assert.Single(Directory.GetFiles(Path.Combine(_cli.Ledger, "index"), "*.run"));

    List<string> Names() => [.. Directory.GetFiles(_cli.Ledger, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    async Task FillAsync()
    {
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: Cancel);
        await ledger.AppendAsync(new AppendRequest(new NewFact("orders/1", "placed", "1"), new NewFact("orders/2", "placed", "2") { Tags = ["vip"] }) { AppendId = "a1", Cells = [NewCell.Put("b", "n", "1")] }, Cancel);
        await ledger.AppendAsync(new NewFact("orders/1", null, "3"), Cancel);
        await ledger.AppendAsync(NewFact.Retraction("orders/1"), Cancel);
        await ledger.AppendAsync(new NewFact("tasks/1", null, "5"), Cancel);
    }
}
