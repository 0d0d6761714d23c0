namespace Factstone.Cli.Tests;

public sealed class TruncateCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public TruncateCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    async Task AppendAsync(string stream, int facts)
    {
        for (var i = 1; i <= facts; i++) (await _cli.RunAsync("append", stream, "placed", $"{i}")).Ends(ExitCodes.Done);
    }

    [Fact]
    public async Task A_stream_is_truncated_and_deleted_with_receipts()
    {
        await AppendAsync("orders/42", 3);
        Assert.Equal("Would drop 2 facts of orders/42, v1 to v2. Nothing was changed.", (await _cli.RunAsync("truncate", "orders/42", "--through", "2", "--dry-run")).Ends(ExitCodes.Done).Lines.Single());
        Assert.Equal(3, (await _cli.RunAsync("history", "orders/42")).Ends(ExitCodes.Done).Lines.Length);

        Assert.Equal("Dropped 2 facts of orders/42, v1 to v2. The receipt is at @4: factstone receipts", (await _cli.RunAsync("truncate", "orders/42", "--through", "2", "--reason", "30 days", "--by", "job 7")).Ends(ExitCodes.Done).Lines.Single());
        var history = (await _cli.RunAsync("history", "orders/42")).Ends(ExitCodes.Done);
        Assert.Single(history.Lines);
        Assert.Contains("Passed over the dropped facts of orders/42, v1 to v2, up to @2. The receipt is at @4", history.Error, StringComparison.Ordinal);
        Assert.Equal("42  v3  @3  (dropped through v2)", (await _cli.RunAsync("streams", "orders")).Ends(ExitCodes.Done).Lines.Single());

        var deleted = (await _cli.RunAsync("delete", "orders/42", "--reason", "closed", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal(("delete", 3, 3, 1, 5), (deleted.GetProperty("kind").GetString(), deleted.GetProperty("firstVersion").GetInt32(), deleted.GetProperty("through").GetInt32(), deleted.GetProperty("facts").GetInt32(), deleted.GetProperty("receipt").GetInt32()));
        (await _cli.RunAsync("history", "orders/42")).Fails(ExitCodes.NotFound, "All facts of orders/42 are dropped. The receipt is at @5.");
        (await _cli.RunAsync("read", "orders/42")).Fails(ExitCodes.NotFound, "its facts are dropped");
        Assert.Equal("Nothing was dropped: orders/42 was dropped before through v3.", (await _cli.RunAsync("delete", "orders/42", "--reason", "again")).Ends(ExitCodes.Done).Lines.Single());

        var receipts = (await _cli.RunAsync("receipts")).Ends(ExitCodes.Done).Lines;
        Assert.Matches(@"^@4  .*  truncated orders/42, v1 to v2: 2 facts; 30 days \(job 7\)$", receipts[0]);
        Assert.Matches("^@5  .*  deleted orders/42, v3 to v3: 1 fact; closed$", receipts[1]);
        Assert.Equal([5, 4], (await _cli.RunAsync("receipts", "--backward", "--json")).Ends(ExitCodes.Done).Json.Select(one => one.GetProperty("position").GetInt32()));
    }

    [Fact]
    public async Task An_export_passes_over_what_was_dropped_and_says_so()
    {
        for (var i = 1; i <= 7; i++) await AppendAsync($"orders/{i}", 2);
        for (var i = 1; i <= 7; i++) (await _cli.RunAsync("truncate", $"orders/{i}", "--through", "1", "--reason", "old")).Ends(ExitCodes.Done);

        var export = (await _cli.RunAsync("export", "jsonl")).Ends(ExitCodes.Done);
        Assert.Equal([2, 4, 6, 8, 10, 12, 14], export.Json.Select(line => line.GetProperty("position").GetInt32()));
        Assert.Contains("Passed over the dropped facts of orders/5,", export.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("orders/6", export.Error, StringComparison.Ordinal);
        Assert.Contains("Passed over the dropped facts of 2 further streams", export.Error, StringComparison.Ordinal);
        Assert.Contains("Passed over the dropped facts of orders/1,", (await _cli.RunAsync("follow", "--limit", "3")).Ends(ExitCodes.Done).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consumers_and_projections_that_are_behind_are_named()
    {
        await AppendAsync("orders/42", 3);
        await AppendAsync("tasks/1", 1);
        await using (var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (var (name, store, position) in new[] { ("behind", "orders", 1), ("done", "orders", 2), ("other", "tasks", 0) })
            {
                var consumer = ledger.Consumer(name, FactQuery.Store(store));
                await using var facts = consumer.FollowAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
                for (var i = 0; i < Math.Max(1, position); i++) await facts.MoveNextAsync();
                if (position > 0) await consumer.CommitAsync(new Position(position), TestContext.Current.CancellationToken);
            }
        }

        string[] expected = ["note: Consumer behind has the facts up to @1 only. It stops if it needs dropped facts after that, which are up to @2."];
        Assert.Equal(expected, (await _cli.RunAsync("truncate", "orders/42", "--through", "2", "--dry-run")).Ends(ExitCodes.Done).Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(expected, (await _cli.RunAsync("truncate", "orders/42", "--through", "2", "--reason", "old")).Ends(ExitCodes.Done).Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Bad_input_is_refused_with_a_line_that_helps()
    {
        await AppendAsync("orders/42", 2);
        (await _cli.RunAsync("truncate", "orders/42", "--reason", "old")).Fails(ExitCodes.Refused, "--through: give the last version to drop");
        (await _cli.RunAsync("truncate", "orders/42", "--through", "1")).Fails(ExitCodes.Refused, "--reason: say why");
        (await _cli.RunAsync("delete", "orders/42")).Fails(ExitCodes.Refused, "--reason: say why");
        (await _cli.RunAsync("delete", "orders/42", "--reason", " ")).Fails(ExitCodes.Refused, "A truncation needs a reason");
        (await _cli.RunAsync("truncate", "orders/42", "--through", "3", "--reason", "old")).Fails(ExitCodes.Refused, "Version 3 of orders/42 does not exist: its last version is 2.");
        (await _cli.RunAsync("truncate", "orders/42", "--through", "0", "--reason", "old")).Fails(ExitCodes.Refused, "Versions start at 1.");
        (await _cli.RunAsync("truncate", "orders/43", "--through", "1", "--reason", "old")).Fails(ExitCodes.NotFound, "There is no stream orders/43.");
        (await _cli.RunAsync("delete", "$receipts/truncate", "--reason", "old")).Fails(ExitCodes.Refused, "belongs to Factstone");
        (await _cli.RunAsync("delete", "orders", "--reason", "old")).Fails(ExitCodes.Refused, "names no stream");
        Assert.Empty((await _cli.RunAsync("receipts")).Ends(ExitCodes.Done).Lines);
        Assert.Equal(2, (await _cli.RunAsync("history", "orders/42")).Ends(ExitCodes.Done).Lines.Length);
    }
}
