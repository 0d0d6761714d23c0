using System.Globalization;

namespace Factstone.Tests.Guide.Truncation;

/// <summary>docs/guide/truncation.md</summary>
public sealed class TruncationGuideTests
{
    static readonly Projection<long> Balance = new() { Name = "balance", Seed = 0, Step = static (sum, fact) => sum + long.Parse(fact.Json!, CultureInfo.InvariantCulture) };

    static async Task<Ledger> OpenAsync()
    {
        var ledger = await Ledger.OpenInMemoryAsync();
        foreach (var stream in new[] { "orders/42", "orders/43" })
            for (var i = 1; i <= 4; i++) await ledger.AppendAsync(new NewFact(stream, "paid", $"{i}"));
        return ledger;
    }

    [Fact]
    public async Task Facts_are_dropped_with_a_receipt()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await TruncateAsync(ledger);
        await PreviewAsync(ledger);
        await ReadAsync(ledger);
        await ListAsync(ledger);

        Assert.Equal(
            [
                "2 facts dropped, receipt at position 9",
                "1 facts, positions 3 to 3",
                "versions 1 to 2 are dropped, receipt at 9",
                "version 3",
                "version 4",
                "truncated orders/42: older than 30 days",
                "truncated orders/43: account closed",
            ],
            output);
        Assert.Empty(await ledger.ReadStreamAsync("orders/43").ToListAsync());
    }

    static async Task TruncateAsync(Ledger ledger)
    {
        var receipt = await ledger.TruncateAsync("orders/42", through: 2, "older than 30 days");
        Console.WriteLine($"{receipt.Facts} facts dropped, receipt at position {receipt.Position}");

        await ledger.DeleteAsync("orders/43", "account closed", new() { By = "support" });
    }

    static async Task PreviewAsync(Ledger ledger)
    {
        var preview = await ledger.PreviewTruncateAsync("orders/42", through: 3);
        Console.WriteLine($"{preview.Facts} facts, positions {preview.FirstPosition} to {preview.LastPosition}");
    }

    static async Task ReadAsync(Ledger ledger)
    {
        var options = new StreamReadOptions { Dropped = dropped => Console.WriteLine($"versions 1 to {dropped.Through} are dropped, receipt at {dropped.Receipt}") };
        await foreach (var fact in ledger.ReadStreamAsync("orders/42", options)) Console.WriteLine($"version {fact.StreamVersion}");
    }

    static async Task ListAsync(Ledger ledger)
    {
        await foreach (var receipt in ledger.ListReceiptsAsync())
            Console.WriteLine($"{receipt.Kind} {receipt.Truncation?.Stream}: {receipt.Truncation?.Reason}");
    }

    [Fact]
    public async Task A_fold_begins_with_the_snapshot()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await CompactAsync(ledger, "orders/42");
        await ledger.AppendAsync(new NewFact("orders/42", "paid", "5"));

        var now = await ContinueAsync(ledger, "orders/42");
        Assert.Equal((15, 5), (now.State, now.Version.Value));
        await FoldAsync(ledger, "orders/42");
        Assert.Equal(["begin after version 4"], output);
    }

    static async Task CompactAsync(Ledger ledger, StreamName stream)
    {
        var full = await ledger.ProjectAsync(Balance, stream);
        var snapshot = NewCell.Put("balances", stream.ToString(), $"{full.State}@{full.Position}@{full.Version}");
        await ledger.TruncateAsync(stream, full.Version, "compacted", new() { Cells = [snapshot] });
    }

    static async Task<Projected<long>> ContinueAsync(Ledger ledger, StreamName stream)
    {
        var saved = (await ledger.ReadCellAsync("balances", stream.ToString()))!.Text.Split('@').Select(long.Parse).ToArray();
        var from = new Projected<long>(saved[0], new Position(saved[1]), saved[2]) { Stream = stream };
        var now = await ledger.ProjectAsync(Balance, stream, from);
        return now;
    }

    static async Task FoldAsync(Ledger ledger, StreamName stream)
    {
        try
        {
            await ledger.ProjectAsync(Balance, stream);
        }
        catch (HistoryDroppedException stopped)
        {
            Console.WriteLine($"begin after version {stopped.Dropped.Through}");
        }
    }
}
