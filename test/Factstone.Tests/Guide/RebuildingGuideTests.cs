using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Rebuilding;

/// <summary>docs/guide/rebuilding.md</summary>
[Collection<OneAtATime>]
public sealed class RebuildingGuideTests
{
    [Fact]
    public async Task A_new_version_is_built_beside_the_old_and_takes_over()
    {
        using var folder = new ScratchFolder();
        await FillAsync();
        var output = Console.Capture();

        await ProgramAsync();

        Assert.Contains(output[0], (string[])["50, by version 1", "30, by version 2"]); // whichever was there first
        Assert.Equal("30, by version 2", output[^1]);
        Assert.All(output.Skip(1).SkipLast(1), static line => Assert.Matches("^v2: [0-9]+ of 2, .* left$", line));

        static async Task ProgramAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./shop", new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V2] });

            var revenue = await ledger.ReadProjectionAsync(Revenue.V2, "2026-11");
            Console.WriteLine($"{revenue.State.Total}, by version {revenue.ProjectionVersion}");

            await foreach (var progress in ledger.WatchRebuildAsync(Revenue.V2))
                Console.WriteLine($"v{progress.Version}: {progress.Position} of {progress.Head}, {progress.Remaining:g} left");

            var rebuilt = await ledger.ReadProjectionAsync(Revenue.V2, "2026-11");
            Console.WriteLine($"{rebuilt.State.Total}, by version {rebuilt.ProjectionVersion}");
        }
    }

    [Fact]
    public async Task After_the_switch_the_version_before_is_refused_and_nothing_is_written()
    {
        using var folder = new ScratchFolder();
        await FillAsync();
        await using (var ledger = await OpenAsync(Revenue.V2))
        {
            Assert.NotNull(await ledger.WatchRebuildAsync(Revenue.V2).ToListAsync());
            await using var reader = await Ledger.OpenReadOnlyAsync("./shop", new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V2] });
            Assert.Equal(30, (await reader.ReadProjectionAsync(Revenue.V2, "2026-11")).State.Total);
            await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await ledger.ReadProjectionAsync(Revenue.V1, "2026-11"));
        }

        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await OpenAsync(Revenue.V1));

        Assert.Contains("version 2 is current", refused.Message, StringComparison.Ordinal);
        await using var back = await OpenAsync(Revenue.V1 with { Version = 3, Replaces = Revenue.V2 });
        Assert.NotNull(await back.WatchRebuildAsync(Revenue.V1 with { Version = 3, Replaces = Revenue.V2 }).ToListAsync());
    }

    [Fact]
    public async Task A_reader_that_knows_the_new_version_reads_the_one_before_until_the_switch_and_one_that_does_not_is_refused_then()
    {
        using var folder = new ScratchFolder();
        await FillAsync();
        await using var updated = await Ledger.OpenReadOnlyAsync("./shop", new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V2] });
        await using var outdated = await Ledger.OpenReadOnlyAsync("./shop", new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V1] });
        Assert.Equal((50m, 1), Answer(await updated.ReadProjectionAsync(Revenue.V2, "2026-11")));
        Assert.Equal((50m, 1), Answer(await outdated.ReadProjectionAsync(Revenue.V1, "2026-11")));

        await using var ledger = await OpenAsync(Revenue.V2);
        Assert.NotNull(await ledger.WatchRebuildAsync(Revenue.V2).ToListAsync());

        Assert.Equal((30m, 2), Answer(await updated.ReadProjectionAsync(Revenue.V2, "2026-11")));
        await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await outdated.ReadProjectionAsync(Revenue.V1, "2026-11"));
    }

    [Fact]
    public async Task A_build_whose_process_is_killed_is_finished_by_the_next_open()
    {
        var disk = new SimulatedDisk(seed: 7);
        var first = await disk.OpenLedgerAsync(new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V1] });
        await first.AppendAsync("orders/1", [new OrderPaid("2026-11", 50m), new OrderRefunded("2026-11", 20m)]);
        disk.KillProcess();
        _ = await disk.OpenLedgerAsync(new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V2] });
        disk.KillProcess();

        await using var ledger = await disk.OpenLedgerAsync(new LedgerOptions { Types = Shop.Types, AsyncProjections = [Revenue.V2] });
        Assert.NotNull(await ledger.WatchRebuildAsync(Revenue.V2).ToListAsync());

        Assert.Equal((30m, 2), Answer(await ledger.ReadProjectionAsync(Revenue.V2, "2026-11")));
    }

    [Fact]
    public async Task What_is_dropped_is_built_again()
    {
        using var folder = new ScratchFolder();
        await FillAsync();

        await DropAsync();

        await using (var without = await Ledger.OpenReadOnlyAsync("./shop"))
            Assert.Empty(await without.ListProjectionsAsync().ToListAsync());
        await using var again = await OpenAsync(Revenue.V1);
        Assert.Equal(50, (await again.ReadProjectionAsync(Revenue.V1, "2026-11")).State.Total);

        static async Task DropAsync()
        {
            await using (var ledger = await Ledger.OpenAsync("./shop"))
                await ledger.DropProjectionAsync("revenue");
        }
    }

    [Fact]
    public async Task Index_files_that_are_deleted_are_made_again_and_the_open_tells_how_far_it_is()
    {
        using var folder = new ScratchFolder();
        await FillAsync();
        foreach (var run in Directory.GetFiles("./shop/index", "*.run")) File.Delete(run);
        var output = Console.Capture();

        await OpenAsync();

        Assert.Equal("100 % of the log read", output[^1]);
        Assert.NotEmpty(Directory.GetFiles("./shop/index", "*.run"));

        static async Task OpenAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./shop", new LedgerOptions
            {
                OpeningProgress = (bytes, bytesInAll) => Console.WriteLine($"{100.0 * bytes / bytesInAll:N0} % of the log read"),
            });
        }
    }

    static (decimal Total, int Version) Answer(Projected<Revenue> read) => (read.State.Total, read.ProjectionVersion);

    /// <summary>A ledger that a release with version 1 has left.</summary>
    static async Task FillAsync()
    {
        await using var ledger = await OpenAsync(Revenue.V1);
        var last = await ledger.AppendAsync("orders/1", [new OrderPaid("2026-11", 50m), new OrderRefunded("2026-11", 20m)]);
        Assert.Equal(50, (await ledger.ReadProjectionAsync(Revenue.V1, "2026-11", atLeast: last.LastPosition)).State.Total);
    }

    static ValueTask<Ledger> OpenAsync(Projection<Revenue> projection) => Ledger.OpenAsync("./shop", new LedgerOptions { Types = Shop.Types, AsyncProjections = [projection] });
}

public sealed record OrderPaid(string Month, decimal Amount);

public sealed record OrderRefunded(string Month, decimal Amount);

public sealed record Revenue(decimal Total)
{
    static readonly FactQuery Source = FactQuery.Types("order-paid", "order-refunded");

    public static readonly Projection<Revenue> V1 = new()
    {
        Name = "revenue",
        Version = 1,
        Source = Source,
        GroupBy = Month,
        Seed = new Revenue(0),
        Step = (sum, fact) => fact.Value is OrderPaid paid ? new Revenue(sum.Total + paid.Amount) : sum,
        Json = ReportJson.Default.Revenue,
    };

    public static readonly Projection<Revenue> V2 = V1 with
    {
        Version = 2,
        Replaces = V1,
        Step = (sum, fact) => fact.Value switch
        {
            OrderPaid paid => new Revenue(sum.Total + paid.Amount),
            OrderRefunded refunded => new Revenue(sum.Total - refunded.Amount),
            _ => sum,
        },
    };

    static string Month(Fact fact) => fact.Value switch
    {
        OrderPaid paid => paid.Month,
        OrderRefunded refunded => refunded.Month,
        _ => "",
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPaid))]
[JsonSerializable(typeof(OrderRefunded))]
[JsonSerializable(typeof(Revenue))]
internal sealed partial class ReportJson : JsonSerializerContext;

public static class Shop
{
    public static readonly FactTypes Types = new FactTypes(ReportJson.Default)
        .Add<OrderPaid>("order-paid")
        .Add<OrderRefunded>("order-refunded");
}
