using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Cli.Tests;

/// <summary>Warnings of a successful command on standard error and in <c>stats</c>.</summary>
public sealed class NoticeTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public NoticeTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    // In one run the clock was far ahead. All later facts were recorded after that time, without a warning.
    [Fact]
    public async Task A_command_that_writes_says_that_the_clock_is_behind_the_last_fact()
    {
        await using (var ahead = await Ledger.OpenAsync(_cli.Ledger, new LedgerOptions { TimeProvider = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(5)) }, Cancel))
            await ahead.AppendAsync(NewFact.WithoutPayload("orders/1", "placed"), Cancel);

        var written = (await _cli.RunAsync("append", "orders/1", "paid", "1")).Ends(ExitCodes.Done);
        var note = Assert.Single(written.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("note: The clock says", note, StringComparison.Ordinal);
        Assert.Contains("04:59:", note, StringComparison.Ordinal);
        Assert.Contains("until the clock has caught up", note, StringComparison.Ordinal);

        var asJson = (await _cli.RunAsync("append", "orders/1", "sent", "1", "--json")).Ends(ExitCodes.Done);
        Assert.StartsWith("{\"notice\":\"The clock says", Assert.Single(asJson.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Empty((await _cli.RunAsync("facts")).Ends(ExitCodes.Done).Error);
    }

    [Fact]
    public async Task Stats_names_the_workers_that_have_stopped_until_the_next_open_for_writing()
    {
        (await _cli.RunAsync("append", "orders/1", "placed", "1")).Ends(ExitCodes.Done);
        Assert.Equal(0, (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("workerFailures").GetArrayLength());

        await File.WriteAllTextAsync(Path.Combine(_cli.Ledger, "WORKERS"), "index: it broke (NotSupportedException)\n", Cancel);
        var failure = (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("workerFailures")[0];
        Assert.Equal(("index", "it broke (NotSupportedException)"), (failure.GetProperty("worker").GetString(), failure.GetProperty("message").GetString()));
        Assert.Contains("the index worker of the last writer: it broke", (await _cli.RunAsync("stats")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);

        (await _cli.RunAsync("append", "orders/1", "paid", "1")).Ends(ExitCodes.Done);
        Assert.DoesNotContain("index worker", (await _cli.RunAsync("stats")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_cli.Ledger, "WORKERS")));
    }
}
