using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Damage;

/// <summary>
/// A ledger of 12 facts in 3 appends, with a retraction, append ids, tags and metadata. It is small enough to flip every bit.
/// </summary>
internal static class SmallLedger
{
    public const string Root = "ledger";

    public static readonly DateTimeOffset Begin = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    /// <summary>The last append, with the id "third".</summary>
    public static AppendRequest Third => Appends[2];

    static readonly AppendRequest[] Appends =
    [
        new()
        {
            AppendId = "first",
            Facts =
            [
                new NewFact("orders/1", "placed", """{"n":1}"""),
                new NewFact("orders/2", "placed", """{"n":2}""") { Tags = ["course:c1"] },
                new NewFact("tasks/a", null, "1"),
                new NewFact("orders/1", "paid", "true") { CausationIndex = 0 },
            ],
        },
        new()
        {
            Facts =
            [
                new NewFact("orders/1", "noted", "\"x\"") { Metadata = """{"user":"u"}""" },
                NewFact.Retraction("orders/2"),
                new NewFact("tasks/b", "made", "null"),
                new NewFact("tasks/", null, "[]"),
            ],
        },
        new()
        {
            AppendId = "third",
            Facts =
            [
                new NewFact("orders/3", "placed", "3"),
                new NewFact("orders/1", "sent", "4"),
                NewFact.WithoutPayload("tasks/a", "done") with { ValidFrom = Begin },
                new NewFact("orders/2", "placed", "5"),
            ],
        },
    ];

    public static LedgerOptions Options(IFileSystem files, DateTimeOffset? now = null) => new()
    {
        FileSystem = files,
        Scheduler = new InlineScheduler(),
        Salts = new SeededSalts(new Random(11)),
        TimeProvider = new ManualTimeProvider(now ?? Begin + TimeSpan.FromHours(1)),
        SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
        PreallocationBytesMin = 0,
        PreallocationBytesMax = 0,
        LockWait = TimeSpan.Zero,
    };

    /// <summary>Opens on the calling thread, because a test opens a hundred thousand times.</summary>
    public static Ledger Open(IFileSystem files) => Open(Options(files));

    public static Ledger Open(LedgerOptions options) =>
        Ledger.Open(FileStorage.Open(options.FileSystem!, Root, options.ToStorageOptions(), TestContext.Current.CancellationToken), options);

    public static Ledger OpenReadOnly(IFileSystem files)
    {
        var options = Options(files);
        return Ledger.Open(FileStorage.OpenReadOnly(files, Root, options.ToStorageOptions()), options);
    }

    /// <summary>Deletes the index, so that the next open reads the whole log.</summary>
    public static MemoryFileSystem WithoutIndex(MemoryFileSystem files)
    {
        foreach (var path in files.Paths.Where(path => path.Contains("/index/", StringComparison.Ordinal)).ToList()) files.Delete(path);
        return files;
    }

    /// <summary>The files after a clean close.</summary>
    public static MemoryFileSystem ClosedCleanly()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Write(files)) Assert.False(ledger.IsReadOnly);
        return files;
    }

    /// <summary>
    /// The files of a writer that was killed after its last answer: preallocated space, no closing frame, and two different slots in HEAD.
    /// </summary>
    public static MemoryFileSystem Killed()
    {
        var files = new MemoryFileSystem();
        using var ledger = Write(files);
        return files.Clone();
    }

    /// <summary>
    /// Killed once and opened again: two segments. The first has live frames, old frames behind them, and preallocated space.
    /// </summary>
    public static MemoryFileSystem Recovered()
    {
        var files = Killed();
        using (var ledger = Open(files)) Assert.Equal(4, ledger.Opening.RewrittenFacts);
        return files;
    }

    /// <summary>Closed after it has created several segments. Each but the last ends with a seal.</summary>
    public static MemoryFileSystem Rolled()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Write(files))
            for (var i = 0; i < 30; i++)
                Assert.IsType<AppendOutcome.Committed>(Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", "grown", $"\"{new string('x', 6_000)}\"")))));
        return files;
    }

    /// <summary>Two single appends, then two appends in one write; then the writer was killed.</summary>
    public static MemoryFileSystem KilledWithTwoAppendsInOneWrite()
    {
        var files = new MemoryFileSystem();
        var options = Options(files, Begin);
        using var ledger = Open(options);
        Append(ledger, options, Appends[0]);
        Append(ledger, options, Appends[1]);
        ((InlineScheduler)options.Scheduler).Together(() =>
        {
            _ = ledger.TryAppendAsync(Appends[2]).AsTask();
            _ = ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/4", "placed", "4"))).AsTask();
        });
        return files.Clone();
    }

    public static string OnlySegment(MemoryFileSystem files) => Assert.Single(files.Paths, path => LedgerLayout.IsSegment(path));

    /// <summary>All facts of an undamaged ledger.</summary>
    public static List<Fact> FactsOf(MemoryFileSystem files)
    {
        using var ledger = Open(files.Clone());
        return [.. Enumerable.Range(1, (int)ledger.Storage.Head.Position.Value).Select(position => ledger.Storage.ReadAt(new Position(position))!)];
    }

    public static AppendReceipt AppendOne(Ledger ledger) =>
        Assert.IsType<AppendOutcome.Committed>(Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/9", "placed", "9")), TestContext.Current.CancellationToken))).Receipt;

    static Ledger Write(MemoryFileSystem files)
    {
        var options = Options(files, Begin);
        var ledger = Open(options);
        foreach (var append in Appends) Append(ledger, options, append);
        return ledger;
    }

    static void Append(Ledger ledger, LedgerOptions options, AppendRequest append)
    {
        ((ManualTimeProvider)options.TimeProvider).Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<AppendOutcome.Committed>(Now(ledger.TryAppendAsync(append)));
    }

    /// <summary>The result of a call that has completed when it returns.</summary>
    public static T Now<T>(ValueTask<T> call)
    {
        Assert.True(call.IsCompleted);
        return call.GetAwaiter().GetResult();
    }
}
