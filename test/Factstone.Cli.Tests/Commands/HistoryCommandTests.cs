using Factstone.Testing;

namespace Factstone.Cli.Tests;

public sealed class HistoryCommandTests : IDisposable
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public HistoryCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("1 2 3 4 5 6")]
    [InlineData("3 4 5 6", "--from-version", "3")]
    [InlineData("1 2", "--through-version", "2")]
    [InlineData("3 4", "--from-version", "3", "--through-version", "4")]
    [InlineData("3 4", "--since", "2026-01-03", "--until", "2026-01-04")]
    [InlineData("1 3 5", "--type", "odd")]
    [InlineData("1 3 4 5", "--type", "odd", "--type", "four")]
    [InlineData("3", "--type", "odd", "--since", "2026-01-02", "--as-of", "@4")]
    [InlineData("6", "--valid-since", "2025-01-01", "--valid-until", "2025-12-31")]
    [InlineData("5", "--valid-since", "2026-01-05")]
    [InlineData("", "--from-version", "9")]
    [InlineData("", "--from-version", "4", "--through-version", "3")]
    public async Task The_facts_within_the_bounds_are_shown(string versions, params string[] options)
    {
        await FillAsync();
        var shown = (await _cli.RunAsync([.. (string[])["history", "orders/1", "--json"], .. options])).Ends(ExitCodes.Done).Json;
        Assert.Equal(versions, string.Join(' ', shown.Select(fact => fact.GetProperty("version").GetInt64())));
    }

    [Fact]
    public async Task A_stream_that_does_not_exist_is_not_found_whatever_the_bounds()
    {
        await FillAsync();
        (await _cli.RunAsync("history", "orders/9", "--from-version", "1")).Fails(ExitCodes.NotFound, "There is no stream orders/9");
        (await _cli.RunAsync("history", "orders/1", "--type", "odd", "--as-of", "@0")).Fails(ExitCodes.NotFound, "There is no stream orders/1 as of @0");
    }

    [Theory]
    [InlineData("--from-version: '-1' is not a version", "--from-version", "-1")]
    [InlineData("--through-version: 'last' is not a version", "--through-version", "last")]
    [InlineData("--since: 'yesterday' is not a time", "--since", "yesterday")]
    [InlineData("--until: '2026-02-30' is not a time", "--until", "2026-02-30")]
    [InlineData("--valid-since: '1' is not a time", "--valid-since", "1")]
    [InlineData("The type is empty", "--type", "")]
    public async Task A_bound_that_makes_no_sense_is_refused(string saying, params string[] options)
    {
        await FillAsync();
        (await _cli.RunAsync([.. (string[])["history", "orders/1"], .. options])).Fails(ExitCodes.Refused, saying);
    }

    // The fact in the middle is damaged. What is within the bounds is shown, and the damage is named only if it may have been among it.
    [Fact]
    public async Task Damage_within_the_bounds_is_named_and_the_rest_is_shown()
    {
        await FillAsync();
        var segment = Directory.GetFiles(System.IO.Path.Combine(_cli.Ledger, "segments"), "0*.log").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        var at = bytes.AsSpan().IndexOf("\"payload 3\""u8);
        bytes[at + 1] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        Assert.Equal(["1", "2"], await VersionsAsync(ExitCodes.Done, "--through-version", "2"));
        Assert.Equal(["2", "4"], await VersionsAsync(ExitCodes.Damaged, "--from-version", "2", "--through-version", "4"));
        Assert.Equal(["5"], await VersionsAsync(ExitCodes.Damaged, "--type", "odd", "--since", "2026-01-03"));
        Assert.Equal(["4"], await VersionsAsync(ExitCodes.Done, "--type", "four"));

        async Task<IEnumerable<string>> VersionsAsync(int exitCode, params string[] options) =>
            (await _cli.RunAsync([.. (string[])["history", "orders/1", "--json"], .. options])).Ends(exitCode).Json.Where(fact => fact.TryGetProperty("version", out _)).Select(fact => fact.GetProperty("version").GetRawText());
    }

    /// <summary>Versions 1 to 6, one a day; the last one is valid since half a year before.</summary>
    async Task FillAsync()
    {
        var clock = new ManualTimeProvider(Begin);
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, new LedgerOptions { TimeProvider = clock }, TestContext.Current.CancellationToken);
        for (var i = 1; i <= 6; i++)
        {
            await ledger.AppendAsync(new NewFact("orders/1", i == 4 ? "four" : i % 2 == 0 ? "even" : "odd", $"\"payload {i}\"") { ValidFrom = i == 6 ? Begin.AddDays(-180) : null }, TestContext.Current.CancellationToken);
            clock.Advance(TimeSpan.FromDays(1));
        }
    }
}
