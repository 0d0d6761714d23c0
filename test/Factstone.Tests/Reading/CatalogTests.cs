using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Reading;

/// <summary>Which streams exist, and how much was ever appended to them.</summary>
public sealed class CatalogTests
{
    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_exists_from_its_first_fact_on_for_ever()
    {
        await using var ledger = await FilledAsync();

        Assert.True(await ledger.StreamExistsAsync("orders/1", cancellationToken: Now));
        Assert.True(await ledger.StreamExistsAsync("orders/2", cancellationToken: Now)); // retracted
        Assert.False(await ledger.StreamExistsAsync("orders/9", cancellationToken: Now));
        Assert.False(await ledger.StreamExistsAsync("cells/n", cancellationToken: Now)); // a cell is no stream
        Assert.False(await ledger.StreamExistsAsync("orders/2", new Position(2), Now));
        Assert.True(await ledger.AsOf(new Position(3)).StreamExistsAsync("orders/2", cancellationToken: Now));
        Assert.False(await ledger.AsOf(new Position(2)).StreamExistsAsync("orders/2", cancellationToken: Now));
    }

    [Fact]
    public async Task Totals_are_the_sum_of_the_last_versions()
    {
        await using var ledger = await FilledAsync();

        Assert.Equal(new CatalogTotals(1, 2, 4), await ledger.GetTotalsAsync("orders", cancellationToken: Now));
        Assert.Equal(new CatalogTotals(1, 1, 2), await ledger.GetTotalsAsync("orders", new Position(2), Now));
        Assert.Equal(new CatalogTotals(1, 1, 2), await ledger.AsOf(new Position(2)).GetTotalsAsync("orders", cancellationToken: Now));
        Assert.Equal(default, await ledger.GetTotalsAsync("nothing", cancellationToken: Now));
        Assert.Equal(new CatalogTotals(2, 3, 5), await ledger.GetTotalsAsync(Now));
        Assert.Equal((await ledger.GetHeadAsync(Now)).Value, (await ledger.GetTotalsAsync(Now)).Versions);
    }

    [Fact]
    public async Task A_ledger_of_cells_alone_has_no_streams()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("cells", "n", "1")] }, Now);

        Assert.Equal(default, await ledger.GetTotalsAsync(Now));
        Assert.Empty(await ledger.ListStoresAsync(Now).ToListAsync(Now));
    }

    // The receipt of a repair is a fact of $receipts, a store of the ledger's own. The facts that the repair lost are in the totals, and not in the counts of what is held.
    [Fact]
    public async Task What_a_repair_has_lost_is_in_the_totals_and_a_reserved_store_only_where_it_is_named()
    {
        var files = SmallLedger.ClosedCleanly();
        Repair.DamageFact(files, new Position(4), isHeaderLost: false); // orders/1 version 2 of 4
        Assert.Equal(1, Repair.Run(files).FactsLost);

        using var ledger = SmallLedger.Open(files);

        Assert.Equal(11, await ledger.CountAsync(FactQuery.All, cancellationToken: Now));
        Assert.Equal(new CatalogTotals(2, 6, 12), await ledger.GetTotalsAsync(Now));
        Assert.Equal(4, (await ledger.GetVersionAsync("orders/1", cancellationToken: Now)).Value);
        Assert.Equal(3, await ledger.CountStreamAsync("orders/1", cancellationToken: Now));
        Assert.Equal(2, await ledger.CountStreamAsync("orders/1", new StreamReadOptions { From = 2 }, Now));
        Assert.Equal([1, 3], (await ledger.ReadStreamAsync("orders/1", new StreamReadOptions { Through = 3, Types = ["placed", "noted", "paid"] }, Now).ToListAsync(Now)).Select(static fact => fact.StreamVersion.Value));
        Assert.Equal(new CatalogTotals(1, 1, 1), await ledger.GetTotalsAsync("$receipts", cancellationToken: Now));
    }

    static async Task<Ledger> FilledAsync()
    {
        var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        foreach (var stream in (string[])["orders/1", "orders/1", "orders/2", "tasks/a"]) await ledger.AppendAsync(new NewFact(stream, "t", "1"), Now);
        await ledger.AppendAsync(NewFact.Retraction("orders/2"), Now);
        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("cells", "n", "1")] }, Now);
        return ledger;
    }
}
