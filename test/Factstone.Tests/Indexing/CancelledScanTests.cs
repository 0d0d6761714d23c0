using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A read that scans the log in place of a damaged run takes seconds in a
/// large ledger. It ends when its caller cancels it or the ledger is closed.
/// </summary>
public sealed class CancelledScanTests
{
    const int Facts = 80;

    readonly MemoryFileSystem _memory = new();
    readonly WatchedFiles _files;

    public CancelledScanTests()
    {
        _files = new WatchedFiles(_memory);
        using var ledger = SmallLedger.Open(SmallLedger.Options(_memory) with { MemoryFactsMax = 1_000 });
        for (var i = 0; i < Facts; i++)
        {
            SmallLedger.Now(ledger.AppendAsync(new AppendRequest(new NewFact($"orders/{i % 7}", $"type{i % 3}", $"\"{new string('x', 8_000)}\"") { Tags = [$"tag:{i % 5}"] })
            {
                AppendId = $"append-{i}",
                Cells = [NewCell.Put("bucket", $"cell-{i % 9}", $"{i}")],
            }));
        }
    }

    public static TheoryData<string> Reads => [.. Questions.Keys];

    static readonly Dictionary<string, Func<Ledger, CancellationToken, object?>> Questions = new()
    {
        ["version"] = static (ledger, token) => SmallLedger.Now(ledger.GetVersionAsync("orders/none", cancellationToken: token)),
        ["latest"] = static (ledger, token) => SmallLedger.Now(ledger.ReadLatestAsync("orders/3", cancellationToken: token))?.Position,
        ["append id"] = static (ledger, token) => SmallLedger.Now(ledger.FindAppendAsync("append-78", token))?.FirstPosition,
        ["cell"] = static (ledger, token) => SmallLedger.Now(ledger.ReadCellAsync("bucket", "cell-4", token))?.Version,
        ["cells"] = static (ledger, token) => string.Join(",", All(ledger.ListCellNamesAsync("bucket", cancellationToken: token))),
        ["facts"] = static (ledger, token) => string.Join(",", All(ledger.ReadAsync(cancellationToken: token)).Select(static fact => fact.Position)),
        ["folded facts"] = static (ledger, token) => SmallLedger.Now(ledger.FoldAsync(0, static (ref int count, in FactView _) => ++count > 0, cancellationToken: token)),
        ["stream"] = static (ledger, token) => string.Join(",", All(ledger.ReadStreamAsync("orders/3", cancellationToken: token)).Select(static fact => fact.Position)),
        ["count by tag"] = static (ledger, token) => SmallLedger.Now(ledger.CountAsync(FactQuery.Tags("tag:3"), cancellationToken: token)),
        ["streams"] = static (ledger, token) => string.Join(",", All(ledger.ListStreamsAsync("orders", cancellationToken: token))),
        ["stores"] = static (ledger, token) => string.Join(",", All(ledger.ListStoresAsync(token))),
        ["statistics"] = static (ledger, token) => SmallLedger.Now(ledger.GetStatisticsAsync(token)).Cells,
        ["follower"] = static (ledger, token) => SmallLedger.Now(ledger.OpenFollower(FactQuery.Types("type2")).WaitToReadAsync(token)),
    };

    [Theory]
    [MemberData(nameof(Reads))]
    public void A_cancelled_read_ends_after_the_step_that_it_is_in(string read)
    {
        using var ledger = OpenWithDamagedRun();
        var asked = Questions[read];
        var answer = asked(ledger, CancellationToken.None);
        var segments = SegmentsRead(() => Assert.Equal(answer, asked(ledger, CancellationToken.None)));
        Assert.True(segments.Count >= 8, $"{segments.Count} segments");

        foreach (var stop in new[] { 1, 2, segments.Count / 2 })
        {
            using var cancelled = new CancellationTokenSource();
            var begun = SegmentsRead(() => Assert.ThrowsAny<OperationCanceledException>(() => asked(ledger, cancelled.Token)), at =>
            {
                if (at == stop) cancelled.Cancel();
            });

            Assert.Equal(stop, begun.Count);
            Assert.Equal(answer, asked(ledger, TestContext.Current.CancellationToken));
        }

        Assert.Empty(ledger.Damage);
    }

    // A close waits until no reader uses its files. It used to wait for the whole scan.
    [Fact]
    public void A_scan_ends_when_the_ledger_is_closed()
    {
        var ledger = OpenWithDamagedRun();
        var asked = Questions["version"];
        Thread? closing = null;
        var begun = SegmentsRead(() => Assert.Throws<ObjectDisposedException>(() => asked(ledger, CancellationToken.None)), at =>
        {
            if (at != 3) return;
            closing = new Thread(ledger.Dispose);
            closing.Start();
            SpinWait.SpinUntil(() => IsClosed(ledger), TimeSpan.FromMinutes(1));
        });

        closing!.Join();
        Assert.Equal(3, begun.Count);
    }

    [Fact]
    public void A_cancelled_append_that_looks_up_its_id_writes_nothing()
    {
        using var ledger = OpenWithDamagedRun(isReader: false);
        using var cancelled = new CancellationTokenSource();
        var request = new AppendRequest(new NewFact("orders/1", "placed", "1")) { AppendId = "new" };
        var begun = SegmentsRead(() => Assert.ThrowsAny<OperationCanceledException>(() => SmallLedger.Now(ledger.AppendAsync(request, cancelled.Token))), at =>
        {
            if (at == 2) cancelled.Cancel();
        });

        Assert.Equal(2, begun.Count);
        Assert.Equal(Facts, SmallLedger.Now(ledger.GetHeadAsync(TestContext.Current.CancellationToken)).Value);
        Assert.Null(SmallLedger.Now(ledger.FindAppendAsync("new", TestContext.Current.CancellationToken)));
    }

    /// <summary>Whether reads are already refused.</summary>
    static bool IsClosed(Ledger ledger)
    {
        try
        {
            ledger.Storage.FindAppend("any");
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>
    /// The segments that an action reads, in order. <paramref name="begun"/> is called with the number of each when its read begins.
    /// </summary>
    List<string> SegmentsRead(Action something, Action<int>? begun = null)
    {
        var segments = new List<string>();
        var isBusy = false;
        _files.Reading = path =>
        {
            if (isBusy || !LedgerLayout.IsSegment(path) || (segments.Count > 0 && segments[^1] == path)) return;
            isBusy = true;
            segments.Add(path);
            begun?.Invoke(segments.Count);
            isBusy = false;
        };
        something();
        _files.Reading = null;
        return segments;
    }

    /// <summary>A ledger of many segments with one run, in which every block is damaged.</summary>
    Ledger OpenWithDamagedRun(bool isReader = true)
    {
        var options = SmallLedger.Options(_files) with { MemoryFactsMax = 1_000, RebuiltAtOnceMax = 0, Scheduler = new ManualScheduler(), MappedReads = false };
        var path = Assert.Single(_memory.Paths, static one => one.EndsWith(".run", StringComparison.Ordinal));
        var ledger = isReader ? Ledger.Open(FileStorage.OpenReadOnly(_files, SmallLedger.Root, options.ToStorageOptions()), options) : SmallLedger.Open(options);
        var run = Assert.Single(((FileStorage)ledger.Storage).Runs());
        Assert.Equal(path, run.Path);
        for (var block = 0L; block < RunFormat.BlocksIn(run.Footer.ChecksumsAt); block++) _memory.FlipBit(run.Path, block * RunFormat.BlockBytes * 8);
        run.ForgetChecks();
        _ = SmallLedger.Now(ledger.ReadAtAsync(run.First, TestContext.Current.CancellationToken));
        Assert.Empty(((FileStorage)ledger.Storage).Runs());
        return ledger;
    }

    static List<T> All<T>(IAsyncEnumerable<T> items)
    {
        var all = new List<T>();
        var enumerator = items.GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (SmallLedger.Now(enumerator.MoveNextAsync())) all.Add(enumerator.Current);
        }
        finally
        {
            Assert.True(enumerator.DisposeAsync().IsCompletedSuccessfully);
        }

        return all;
    }
}
