namespace Factstone.Tests.Input;

/// <summary>Reads, folds and follows that make no sense are refused with the name of the parameter and the reason.</summary>
public sealed class BadReadsTests
{
    static readonly DateTimeOffset Future = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static StreamName NoStream => default;

    static readonly BadCall[] Calls =
    [
        Stream("no stream", "It names no stream. Write STORE/KEY", NoStream),
        Stream("a store named ..", "'..'", "../1"),
        Stream("a store of 129 bytes", "129 bytes", new StreamName(new string('s', 129), "1")),
        Stream("a key of 1,025 bytes", "1,025 bytes", new StreamName("s", new string('k', 1_025))),
        Stream("a key with a control character", "U+0007", new StreamName("s", "\a")),
        Stream("a key with half of a pair", "surrogate", new StreamName("s", BadCall.Lone)),
        StreamRead("the version of no stream", async ledger => await ledger.GetVersionAsync(NoStream)),
        StreamRead("the latest of no stream", async ledger => await ledger.ReadLatestAsync(NoStream)),
        StreamRead("a fold of the latest of no stream", async ledger => await ledger.FoldLatestAsync(NoStream, 0, static (ref _, in _) => true)),
        StreamRead("a fold of no stream", async ledger => await ledger.FoldStreamAsync(NoStream, 0, static (ref _, in _) => true)),
        StreamRead("the history of no stream", async ledger => await ledger.ReadHistoryAsync(NoStream).ToListAsync()),
        StreamRead("a projection of no stream", async ledger => await ledger.ProjectAsync(Sale.Total, NoStream)),

        new("a query without items", typeof(ArgumentException), "query", "The query is empty, which selects nothing. FactQuery.All", static async ledger => await ledger.ReadAsync([]).ToListAsync()),
        new("a null query", typeof(ArgumentNullException), "query", "", static async ledger => await ledger.ReadAsync(query: null!).ToListAsync()),
        new("a count by a query without items", typeof(ArgumentException), "query", "The query is empty", static async ledger => await ledger.CountAsync([])),
        new("a count by an empty item", typeof(ArgumentException), "query", "items[0] of the query: It is empty", static async ledger => await ledger.CountAsync([new()])),
        new("a fold by a null query", typeof(ArgumentNullException), "query", "", static async ledger => await ledger.FoldAsync(null!, 0, static (ref _, in _) => true)),
        new("a null folder", typeof(ArgumentNullException), "folder", "", static async ledger => await ledger.FoldAsync(FactQuery.All, 0, null!)),
        new("a null folder of a stream", typeof(ArgumentNullException), "folder", "", static async ledger => await ledger.FoldStreamAsync(BadCall.Stream, 0, null!)),
        new("a null folder of the latest", typeof(ArgumentNullException), "folder", "", static async ledger => await ledger.FoldLatestAsync(BadCall.Stream, 0, null!)),

        new("a limit of -1", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative; null stands for no limit.", static async ledger => await ledger.ReadAsync(new ReadOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for a query", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ReadAsync(FactQuery.All, new ReadOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for a stream", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ReadStreamAsync(BadCall.Stream, new StreamReadOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for records", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ListAsync("orders", new ListOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for streams", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ListStreamsAsync("orders", new ListOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for cells", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ListCellsAsync("b", new CellListOptions { Limit = -1 }).ToListAsync()),
        new("a limit of -1 for names", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.ListCellNamesAsync("b", new CellListOptions { Limit = -1 }).ToListAsync()),
        new("a start at position -1", typeof(ArgumentOutOfRangeException), "options", "From must not be negative. Positions start at 1", static async ledger => await ledger.ReadAsync(new ReadOptions { From = new Position(-1) }).ToListAsync()),
        new("a start at version -1", typeof(ArgumentOutOfRangeException), "options", "From must not be negative. Versions start at 1", static async ledger => await ledger.ReadStreamAsync(BadCall.Stream, new StreamReadOptions { From = -1 }).ToListAsync()),
        new("a fold from version -1", typeof(ArgumentOutOfRangeException), "options", "From must not be negative. Versions start at 1", static async ledger => await ledger.FoldStreamAsync(BadCall.Stream, 0, static (ref _, in _) => true, new StreamReadOptions { From = -1 })),
        new("a null store", typeof(ArgumentNullException), "store", "", static async ledger => await ledger.ListAsync(null!).ToListAsync()),
        new("streams of a null store", typeof(ArgumentNullException), "store", "", static async ledger => await ledger.ListStreamsAsync(null!).ToListAsync()),
        new("an empty store", typeof(ArgumentException), "store", "The store is empty.", static async ledger => await ledger.ListStreamsAsync("").ToListAsync()),
        new("a stream as a store", typeof(ArgumentException), "store", "contains a '/'", static async ledger => await ledger.ListAsync(BadCall.Stream).ToListAsync()),
        new("a null prefix", typeof(ArgumentNullException), "options", "Prefix is null; the empty text stands for every key.", static async ledger => await ledger.ListAsync("orders", new ListOptions { Prefix = null! }).ToListAsync()),
        new("a prefix with half of a pair", typeof(ArgumentException), "options", "The prefix contains half of a surrogate pair", static async ledger => await ledger.ListAsync("orders", new ListOptions { Prefix = BadCall.Lone }).ToListAsync()),
        new("a key of 1,025 bytes to continue after", typeof(ArgumentException), "options", "The key to continue after has 1,025 bytes", static async ledger => await ledger.ListStreamsAsync("orders", new ListOptions { After = new string('k', 1_025) }).ToListAsync()),
        new("a null bucket", typeof(ArgumentNullException), "bucket", "", static async ledger => await ledger.ListCellNamesAsync(null!).ToListAsync()),
        new("a bucket with a control character", typeof(ArgumentException), "bucket", "The bucket contains the control character U+0007", static async ledger => await ledger.ReadCellAsync("\a", "n")),
        new("a bucket with a control character, none of its cells", typeof(ArgumentException), "bucket", "U+0007", static async ledger => await ledger.ListCellsAsync("\a", new CellListOptions { Limit = 0 }).ToListAsync()),
        new("a null cell name", typeof(ArgumentNullException), "name", "", static async ledger => await ledger.ReadCellAsync("b", null!)),
        new("a cell name of 1,025 bytes", typeof(ArgumentException), "name", "The name has 1,025 bytes", static async ledger => await ledger.ReadCellAsync("b", new string('n', 1_025))),
        new("a null prefix of cells", typeof(ArgumentNullException), "options", "Prefix is null; the empty text stands for every name.", static async ledger => await ledger.ListCellsAsync("b", new CellListOptions { Prefix = null! }).ToListAsync()),
        new("a null append id", typeof(ArgumentNullException), "appendId", "", static async ledger => await ledger.FindAppendAsync(null!)),
        new("an empty append id", typeof(ArgumentException), "appendId", "The append id is empty.", static async ledger => await ledger.FindAppendAsync("")),
        new("an append id of 129 bytes", typeof(ArgumentException), "appendId", "129 bytes", static async ledger => await ledger.FindAppendAsync(new string('a', 129))),

        new("a point in the future", typeof(ArgumentOutOfRangeException), "time", "2027-01-01T00:00:00.000000Z is ahead of the ledger's clock, 2026-01-01", static async ledger => await ledger.AsOf(LedgerTime.RecordedBy(Future)).ReadLatestAsync(BadCall.Stream)),
        new("a count in the future", typeof(ArgumentOutOfRangeException), "time", "is ahead of the ledger's clock", static async ledger => await ledger.CountAsync(FactQuery.All, LedgerTime.RecordedBy(DateTimeOffset.MaxValue))),
        new("a point beyond the head", typeof(ArgumentOutOfRangeException), "time", "Position 3 is too high: the last fact is at position 2.", static async ledger => await ledger.AsOf(new Position(3)).ReadAsync().ToListAsync()),
        new("a point beyond every ledger", typeof(ArgumentOutOfRangeException), "time", "is too high", static async ledger => await ledger.AsOf(new Position(long.MaxValue)).GetHeadAsync()),
        new("a point before the first", typeof(ArgumentOutOfRangeException), "time", "A position must not be negative. Positions start at 1, and 0 is before the first fact.", static async ledger => await ledger.AsOf(new Position(-1)).GetVersionAsync(BadCall.Stream)),
        new("another point of a bound reader", typeof(ArgumentException), "options", "This reader is bound to @1, and the read asks for @2. Read at another point with a reader of its own: ledger.AsOf(...).", static async ledger => await ledger.AsOf(new Position(1)).ReadAsync(new ReadOptions { AsOf = new Position(2) }).ToListAsync()),
        new("another point of a bound count", typeof(ArgumentException), "asOf", "This reader is bound to @1", static async ledger => await ledger.AsOf(new Position(1)).CountAsync(FactQuery.All, new Position(2))),
        new("a later point of a bound reader", typeof(ArgumentOutOfRangeException), "time", "@2 lies beyond @1", static async ledger => await ledger.AsOf(new Position(1)).ResolveAsync(new Position(2))),

        new("a follow of a null query", typeof(ArgumentNullException), "query", "", static ledger => Done(ledger.OpenFollower(null!))),
        new("a follow of an empty query", typeof(ArgumentException), "query", "The query is empty", static ledger => Done(ledger.FollowAsync([]))),
        new("a buffer of 0 facts", typeof(ArgumentOutOfRangeException), "options", "BufferFacts must be 1 to 100,000.", static ledger => Done(ledger.OpenFollower(FactQuery.All, new FollowOptions { BufferFacts = 0 }))),
        new("a huge buffer", typeof(ArgumentOutOfRangeException), "options", "BufferFacts", static ledger => Done(ledger.OpenFollower(FactQuery.All, new FollowOptions { BufferFacts = int.MaxValue }))),
        Follow("a start beyond the next fact", typeof(ArgumentOutOfRangeException), "Position 4 is too high: the last fact is at position 2", FollowStart.At(new Position(4))),
        Follow("a start after the next fact", typeof(ArgumentOutOfRangeException), "Position 3 is too high", FollowStart.After(new Position(3))),
        Follow("a start beyond every ledger", typeof(ArgumentOutOfRangeException), "is too high", FollowStart.After(new Position(long.MaxValue))),
        Follow("a start at a negative position", typeof(ArgumentOutOfRangeException), "cannot begin at a negative position", FollowStart.At(new Position(-1))),
        Follow("a start in the future", typeof(ArgumentOutOfRangeException), "2027-01-01T00:00:00.000000Z is ahead of the ledger's clock", FollowStart.AtTime(Future)),
        Follow("a start at the end of time", typeof(ArgumentOutOfRangeException), "9999-12-31T23:59:59.999999Z is ahead of the ledger's clock", FollowStart.AtTime(DateTimeOffset.MaxValue)),
        Follow("a default cursor", typeof(ArgumentException), "The cursor is of ledger 00000000-0000-0000-0000-000000000000; this is ledger", FollowStart.After(default(LedgerCursor))),
        new("a wait for position -1", typeof(ArgumentOutOfRangeException), "position", "Positions are from 0 to", static async ledger => await ledger.OpenFollower(FactQuery.All).WaitForAsync(new Position(-1))),
        new("a wait for a position that no ledger reaches", typeof(ArgumentOutOfRangeException), "position", "Positions are from 0 to", static async ledger => await ledger.OpenFollower(FactQuery.All).WaitForAsync(new Position(Position.MaxValue + 1))),
        new("a cursor at position 3", typeof(ArgumentOutOfRangeException), "position", "Position 3 lies ahead: the last fact is at position 2.", static async ledger => await ((ILedger)ledger).GetCursorAsync(new Position(3))),
        new("a cursor at position -1", typeof(ArgumentOutOfRangeException), "position", "", static async ledger => await ((ILedger)ledger).GetCursorAsync(new Position(-1))),
        new("no cursor", typeof(ArgumentException), "cursor", "The cursor is of ledger 00000000", static async ledger => await ((ILedger)ledger).ResolveAsync(default(LedgerCursor))),

        new("a null projection", typeof(ArgumentNullException), "projection", "", static async ledger => await ledger.ProjectAsync<decimal>(null!, BadCall.Stream)),
        new("a projection of a null ledger", typeof(ArgumentNullException), "ledger", "", static async _ => await ((ILedgerReader)null!).ProjectAsync(Sale.Total, BadCall.Stream)),
        new("a projection of a null query", typeof(ArgumentNullException), "query", "", static async ledger => await ledger.ProjectAsync(Sale.Total, (FactQuery)null!)),
        new("a projection of a query without items", typeof(ArgumentException), "query", "The query is empty", static async ledger => await ledger.ProjectAsync(Sale.Total, (FactQuery)[])),
        new("a projection from null", typeof(ArgumentNullException), "from", "", static async ledger => await ledger.ProjectAsync(Sale.Total, BadCall.Stream, from: null!)),
        new("a projection from another stream", typeof(ArgumentException), "from", "The state is of orders/42, not of orders/43.", static async ledger => await ledger.ProjectAsync(Sale.Total, "orders/43", await ledger.ProjectAsync(Sale.Total, BadCall.Stream))),
        new("a projection of a stream from a query", typeof(ArgumentException), "from", "The state is of a query, not of orders/42.", static async ledger => await ledger.ProjectAsync(Sale.Total, BadCall.Stream, await ledger.ProjectAsync(Sale.Total, FactQuery.All))),
        new("a projection of a query from a stream", typeof(ArgumentException), "from", "The state is of orders/42, not of a query.", static async ledger => await ledger.ProjectAsync(Sale.Total, FactQuery.All, await ledger.ProjectAsync(Sale.Total, BadCall.Stream))),
        new("a projection of a stream from a later state", typeof(ArgumentOutOfRangeException), "from", "The state is of position 2, and the last fact is at position 1.", static async ledger => await ledger.AsOf(new Position(1)).ProjectAsync(Sale.Total, BadCall.Stream, await ledger.ProjectAsync(Sale.Total, BadCall.Stream))),
        new("a projection of a query from a later state", typeof(ArgumentOutOfRangeException), "from", "The state is of position 2, and the last fact is at position 1.", static async ledger => await ledger.AsOf(new Position(1)).ProjectAsync(Sale.Total, FactQuery.All, await ledger.ProjectAsync(Sale.Total, FactQuery.All))),
        new("a projection from position -5", typeof(ArgumentOutOfRangeException), "from", "Both are from 0 to", static async ledger => await ledger.ProjectAsync(Sale.Total, FactQuery.All, new Projected<decimal>(0, new Position(-5), default))),
        new("a projection from version -5", typeof(ArgumentOutOfRangeException), "from", "Both are from 0 to", static async ledger => await ledger.ProjectAsync(Sale.Total, BadCall.Stream, new Projected<decimal>(0, default, -5))),
        new("a projection from a version that no stream has", typeof(ArgumentOutOfRangeException), "from", "Both are from 0 to", static async ledger => await ledger.ProjectAsync(Sale.Total, BadCall.Stream, new Projected<decimal>(0, default, long.MaxValue))),
        new("a projection without a name", typeof(ArgumentNullException), "value", "", static _ => Done(Sale.Total with { Name = null! })),
        new("a projection with an empty name", typeof(ArgumentException), "value", "The name of a projection is empty.", static _ => Done(Sale.Total with { Name = "" })),
        new("a projection with a name of 257 bytes", typeof(ArgumentException), "value", "257 bytes", static _ => Done(Sale.Total with { Name = new string('n', 257) })),
        new("a projection without a step", typeof(ArgumentNullException), "value", "", static _ => Done(Sale.Total with { Step = null! })),
        new("a fold of null", typeof(ArgumentNullException), "facts", "", static _ => Done(Sale.Total.Fold(Sale.Total.Empty, null!))),
        new("a fold of a null fact", typeof(ArgumentNullException), "facts", "", static _ => Done(Sale.Total.Fold(Sale.Total.Empty, [null!]))),
        new("a fold onto null", typeof(ArgumentNullException), "state", "", static _ => Done(Sale.Total.Fold(null!, []))),
        new("a fold that leaves out a version", typeof(ArgumentException), "facts", "The state is of orders/42 at version 0, and the next fact has version 2.", static async ledger => Sale.Total.Fold(Sale.Total.Empty with { Stream = BadCall.Stream }, [(await ledger.ReadLatestAsync(BadCall.Stream))!])),

        Time("a text that is no time", "'yesterday' is no point of the ledger: write latest, a position such as @7, or a time", "yesterday"),
        Time("an empty time", "'' is no point of the ledger", ""),
        Time("a position alone", "'7' is no point of the ledger", "7"),
        Time("no position", "'@' is no point of the ledger", "@"),
        Time("a negative position", "'@-1' is no point of the ledger", "@-1"),
        Time("a position beyond the largest", "is no point of the ledger", $"@{Position.MaxValue + 1}"),
        Time("the 30th of February", "is no point of the ledger", "2026-02-30"),
        Time("a text that forges a line of a log", "'a\uFFFDb' is no point of the ledger", "a\nb"),
        Time("a text of a million characters", "…' is no point of the ledger", new string('x', 1_000_000)),
        new("a null time", typeof(ArgumentNullException), "s", "", static _ => Done(LedgerTime.Parse(null!))),

        new("an appender of a null ledger", typeof(ArgumentNullException), "ledger", "", static _ => Done(((ILedger)null!).OpenAppender())),
        new("an appender with no room", typeof(ArgumentOutOfRangeException), "options", "MaxInFlight must be 1 to 100,000.", static ledger => Done(ledger.OpenAppender(new AppenderOptions { MaxInFlight = 0 }))),
        new("a null request to an appender", typeof(ArgumentNullException), "request", "", static async ledger => await ledger.OpenAppender().SendAsync(null!)),
    ];

    public static TheoryData<string> Names => BadCall.Names(Calls);

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_the_reason_and_changes_nothing(string name) => BadCall.IsRefusedAsync(Calls, name);

    // The largest numbers are possible where a number is a bound, and nothing overflows.
    [Fact]
    public async Task Huge_limits_and_starts_are_read_as_far_as_the_ledger_goes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sale.Types }, cancellation);
        await ledger.AppendAsync(BadCall.Stream, [new Sold(1), new Sold(2)], cancellation);
        var (last, reader) = (new Position(long.MaxValue), ledger.AsOf(LedgerTime.Latest));

        Assert.Equal(2, await reader.ReadAsync(new ReadOptions { Limit = long.MaxValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(0, await reader.ReadAsync(new ReadOptions { From = last }, cancellation).CountAsync(cancellation));
        Assert.Equal(2, await reader.ReadAsync(new ReadOptions { From = last, Backward = true }, cancellation).CountAsync(cancellation));
        Assert.Equal(0, await reader.ReadAsync(FactQuery.Store("orders"), new ReadOptions { From = last }, cancellation).CountAsync(cancellation));
        Assert.Equal(2, await reader.ReadAsync(FactQuery.Store("orders"), new ReadOptions { From = last, Backward = true }, cancellation).CountAsync(cancellation));
        Assert.Equal(0, await reader.ReadAsync(new ReadOptions { RecordedFrom = DateTimeOffset.MaxValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(2, await reader.ReadAsync(new ReadOptions { RecordedFrom = DateTimeOffset.MinValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(0, await reader.ReadStreamAsync(BadCall.Stream, new StreamReadOptions { From = long.MaxValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(2, await reader.ReadStreamAsync(BadCall.Stream, new StreamReadOptions { From = long.MaxValue, Backward = true, Limit = long.MaxValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(1, await reader.ListAsync("orders", new ListOptions { Limit = long.MaxValue }, cancellation).CountAsync(cancellation));
        Assert.Equal(0, await reader.ReadAsync(new ReadOptions { Limit = 0 }, cancellation).CountAsync(cancellation));
        Assert.Null(await reader.ReadAtAsync(last, cancellation));
        Assert.Null(await reader.ReadAtAsync(default, cancellation));
        Assert.Null(await reader.ReadAtAsync(new Position(long.MinValue), cancellation));
        Assert.Null(await reader.FindAsync(default, cancellation));
        Assert.Equal(0, await ledger.CountAsync(FactQuery.All, LedgerTime.RecordedBy(DateTimeOffset.MinValue), cancellation));
        Assert.Equal("9999-12-31T23:59:59.999999Z", FollowStart.AtTime(DateTimeOffset.MaxValue).ToString());
        Assert.Equal("/", default(StreamName).ToString());
        Assert.Equal("latest", default(LedgerTime).ToString());
        Assert.Equal("beginning", default(FollowStart).ToString());
    }

    static BadCall Stream(string name, string says, StreamName stream) => new(name, typeof(ArgumentException), "stream", says, async ledger => await ledger.ReadStreamAsync(stream).ToListAsync());

    static BadCall StreamRead(string name, Func<ILedgerReader, Task> read) => new(name, typeof(ArgumentException), "stream", "It names no stream", read);

    static BadCall Follow(string name, Type exception, string says, FollowStart start) =>
        new(name, exception, "options", says, ledger => Done(ledger.OpenFollower(FactQuery.All, new FollowOptions { From = start })));

    static BadCall Time(string name, string says, string text) => new(name, typeof(FormatException), null, says, _ => Done(LedgerTime.Parse(text)));

    static Task<object?> Done(object? result) => Task.FromResult(result);
}
