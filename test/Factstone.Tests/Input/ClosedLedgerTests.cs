using Factstone.Storage;

namespace Factstone.Tests.Input;

/// <summary>Every door of a ledger that is closed, and every door for writing of one that is read-only.</summary>
public sealed class ClosedLedgerTests
{
    static readonly RecordStore<Sold> Sales = new("sales", SaleJson.Default.Sold);

    static readonly (string Name, Func<Ledger, Task> Call)[] Writes =
    [
        ("TryAppendAsync", static async ledger => await ledger.TryAppendAsync(new AppendRequest(ASale))),
        ("TryAppendAsync at a version", static async ledger => await ledger.TryAppendAsync(ASale, 0)),
        ("AppendAsync", static async ledger => await ledger.AppendAsync(BadCall.Stream, [new Sold(1)])),
        ("Hub.PublishAsync", static async ledger => await ledger.OpenHub(static _ => { }).PublishAsync(ASale)),
        ("Appender.SendAsync", static async ledger => await ledger.OpenAppender().SendAsync(new AppendRequest(ASale))),
        ("DecideAsync", static async ledger => await ledger.DecideAsync(Sale.Total, BadCall.Stream, static _ => [new Sold(1)])),
        ("DecideAsync by query", static async ledger => await ledger.DecideAsync(Sale.Total, FactQuery.All, static _ => [ASale])),
        ("Consumer.FollowAsync", static async ledger => await ledger.Consumer("mail", FactQuery.All).FollowAsync().FirstAsync()),
        ("DeleteConsumerAsync", static async ledger => await ledger.DeleteConsumerAsync("mail")),
        ("Records.WriteAsync", static async ledger => await ledger.Records(Sales).WriteAsync("1", new Sold(1))),
        ("Records.WriteNewAsync", static async ledger => await ledger.Records(Sales).WriteNewAsync("1", new Sold(1))),
        ("Records.CompareAndWriteAsync", static async ledger => await ledger.Records(Sales).CompareAndWriteAsync("1", new Sold(1), new Sold(2))),
        ("Records.RetractAsync", static async ledger => await ledger.Records(Sales).RetractAsync("1")),
        ("KeyValue.PutAsync", static async ledger => await Entries(ledger).PutAsync("n", new Sold(1))),
        ("KeyValue.PutNewAsync", static async ledger => await Entries(ledger).PutNewAsync("n", new Sold(1))),
        ("KeyValue.CompareAndSwapAsync", static async ledger => await Entries(ledger).CompareAndSwapAsync("n", new Sold(1), new Sold(2))),
        ("KeyValue.DeleteAsync", static async ledger => await Entries(ledger).DeleteAsync("n")),
        ("KeyValue.UpdateAsync", static async ledger => await Entries(ledger).UpdateAsync("n", new Sold(1), static sold => sold)),
    ];

    static readonly (string Name, Func<Ledger, Task> Call)[] Reads =
    [
        ("GetHeadAsync", static async ledger => await ledger.GetHeadAsync()),
        ("ResolveAsync", static async ledger => await ledger.ResolveAsync(LedgerTime.Latest)),
        ("ReadAsync", static async ledger => await ledger.ReadAsync().ToListAsync()),
        ("ReadAsync by query", static async ledger => await ledger.ReadAsync(FactQuery.All).ToListAsync()),
        ("ReadStreamAsync", static async ledger => await ledger.ReadStreamAsync(BadCall.Stream).ToListAsync()),
        ("ReadHistoryAsync", static async ledger => await ledger.ReadHistoryAsync(BadCall.Stream).ToListAsync()),
        ("ReadLatestAsync", static async ledger => await ledger.ReadLatestAsync(BadCall.Stream)),
        ("FoldLatestAsync", static async ledger => await ledger.FoldLatestAsync(BadCall.Stream, 0, static (ref _, in _) => true)),
        ("GetVersionAsync", static async ledger => await ledger.GetVersionAsync(BadCall.Stream)),
        ("ReadAtAsync", static async ledger => await ledger.ReadAtAsync(new Position(1))),
        ("FindAsync", static async ledger => await ledger.FindAsync(FactId.Create(0, new Position(1), ledger.Id.Tag))),
        ("CountAsync", static async ledger => await ledger.CountAsync(FactQuery.All)),
        ("FoldAsync", static async ledger => await ledger.FoldAsync(0, static (ref _, in _) => true)),
        ("FoldAsync by query", static async ledger => await ledger.FoldAsync(FactQuery.All, 0, static (ref _, in _) => true)),
        ("FoldStreamAsync", static async ledger => await ledger.FoldStreamAsync(BadCall.Stream, 0, static (ref _, in _) => true)),
        ("CountStreamAsync", static async ledger => await ledger.CountStreamAsync(BadCall.Stream)),
        ("CountStreamAsync where", static async ledger => await ledger.CountStreamAsync(BadCall.Stream, static _ => true)),
        ("StreamExistsAsync", static async ledger => await ledger.StreamExistsAsync(BadCall.Stream)),
        ("GetTotalsAsync", static async ledger => await ledger.GetTotalsAsync()),
        ("GetTotalsAsync of a store", static async ledger => await ledger.GetTotalsAsync("sales")),
        ("ListAsync", static async ledger => await ledger.ListAsync("sales").ToListAsync()),
        ("ListStreamsAsync", static async ledger => await ledger.ListStreamsAsync("sales").ToListAsync()),
        ("ListStoresAsync", static async ledger => await ledger.ListStoresAsync().ToListAsync()),
        ("ReadCellAsync", static async ledger => await ledger.ReadCellAsync("b", "n")),
        ("ListCellsAsync", static async ledger => await ledger.ListCellsAsync("b").ToListAsync()),
        ("ListCellNamesAsync", static async ledger => await ledger.ListCellNamesAsync("b").ToListAsync()),
        ("GetStatisticsAsync", static async ledger => await ledger.GetStatisticsAsync()),
        ("FindAppendAsync", static async ledger => await ledger.FindAppendAsync("a")),
        ("OpenFollower", static ledger => Task.FromResult(ledger.OpenFollower(FactQuery.All))),
        ("GetCursorAsync", static async ledger => await ((ILedger)ledger).GetCursorAsync(default)),
        ("ResolveAsync of a cursor", static async ledger => await ((ILedger)ledger).ResolveAsync(new LedgerCursor(ledger.Id, 1, default))),
        ("ProjectAsync", static async ledger => await ledger.ProjectAsync(Sale.Total, BadCall.Stream)),
        ("ProjectAsync by query", static async ledger => await ledger.ProjectAsync(Sale.Total, FactQuery.All)),
        ("AsOf.ReadLatestAsync", static async ledger => await ledger.AsOf(default).ReadLatestAsync(BadCall.Stream)),
        ("AsOf.GetHeadAsync", static async ledger => await ledger.AsOf(new Position(0)).GetHeadAsync()),
        ("Records.ReadAsync", static async ledger => await ledger.Records(Sales).ReadAsync("1")),
        ("Records.ReadHistoryAsync", static async ledger => await ledger.Records(Sales).ReadHistoryAsync("1").ToListAsync()),
        ("Records.ListAsync", static async ledger => await ledger.Records(Sales).ListAsync().ToListAsync()),
        ("Records.ListKeysAsync", static async ledger => await ledger.Records(Sales).ListKeysAsync().ToListAsync()),
        ("KeyValue.GetAsync", static async ledger => await Entries(ledger).GetAsync("n")),
        ("KeyValue.ListAsync", static async ledger => await Entries(ledger).ListAsync().ToListAsync()),
        ("KeyValue.ListNamesAsync", static async ledger => await Entries(ledger).ListNamesAsync().ToListAsync()),
        ("KeyValue.CellEqualsAsync", static async ledger => await Entries(ledger).CellEqualsAsync("n", new Sold(1))),
        ("ListConsumersAsync", static async ledger => await ledger.ListConsumersAsync().ToListAsync()),
        ("Consumer.GetLagAsync", static async ledger => await ledger.Consumer("mail", FactQuery.All).GetLagAsync()),
        ("Consumer.WaitForAsync", static async ledger => await ledger.Consumer("mail", FactQuery.All).WaitForAsync(new Position(1))),
    ];

    public static TheoryData<string> All => [.. Reads.Concat(Writes).Select(static door => door.Name)];

    public static TheoryData<string> ForWriting => [.. Writes.Select(static door => door.Name)];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static NewFact ASale => new(BadCall.Stream, new Sold(1));

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_closed_ledger_says_that_it_is_closed(string name)
    {
        var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sale.Types }, Cancellation);
        await ledger.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => Reads.Concat(Writes).Single(one => one.Name == name).Call(ledger));
    }

    [Theory]
    [MemberData(nameof(ForWriting))]
    public async Task A_read_only_ledger_refuses_every_write_and_says_how_to_open_it(string name)
    {
        var options = new LedgerOptions { FileSystem = new MemoryFileSystem(), PreallocationBytesMax = 0, Types = Sale.Types };
        await using (var writer = await Ledger.OpenAsync("l", options, Cancellation))
        {
            await writer.Records(Sales).WriteAsync("1", new Sold(1), Cancellation);
            await Entries(writer).PutAsync("n", new Sold(1), Cancellation);
            await foreach (var _ in writer.Consumer("mail", FactQuery.All).FollowAsync(Cancellation)) break;
        }

        await using var reader = await Ledger.OpenReadOnlyAsync("l", options, Cancellation);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Writes.Single(one => one.Name == name).Call(reader));

        Assert.Contains("The ledger was opened for reading only", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Open it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await reader.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(2, (await reader.GetStatisticsAsync(Cancellation)).Cells);
    }

    static KeyValue<Sold> Entries(ILedger ledger) => ledger.KeyValue("b", SaleJson.Default.Sold);
}
