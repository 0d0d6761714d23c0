using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Golden;

/// <summary>
/// The ledger that the formats were frozen with: every field of a fact in a thousand bytes. Each write produces the same bytes.
/// </summary>
internal static class GoldenLedger
{
    const string Root = "ledger";

    /// <summary>Files whose bytes are determined by the appends. LOCK is not, because it names a process.</summary>
    public static readonly string[] Files = ["HEAD", "MANIFEST", "segments/00000000000000000001.000001.log"];

    /// <summary>The index of the ledger with cells.</summary>
    public const string Run = "index/00000000000000000001-00000000000000000006.run";

    /// <summary>The index of the ledger with cells alone.</summary>
    public const string RunOfCells = "index/00000000000000000001-00000000000000000000.run";

    public static readonly DateTimeOffset Begin = new(2025, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>Writes the ledger with one append per second, and closes it.</summary>
    public static Task<MemoryFileSystem> WriteAsync(bool withCells, CancellationToken cancellationToken) =>
        WriteAsync(ledger => withCells ? Appends(ledger).Concat(CellAppends()) : Appends(ledger), cancellationToken);

    /// <summary>Writes only the cells of the same ledger, without facts.</summary>
    public static Task<MemoryFileSystem> WriteCellsAsync(CancellationToken cancellationToken) =>
        WriteAsync(static _ => CellAppends().Select(static append => append with { Facts = [] }), cancellationToken);

    /// <summary>The same ledger without cells, and then two truncations and a fact.</summary>
    public static Task<MemoryFileSystem> WriteTruncatedAsync(CancellationToken cancellationToken) => WriteAsync(
        Appends,
        cancellationToken,
        async (ledger, time) =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await ledger.TruncateAsync("orders/42", 2, "golden", new() { By = "test", Cells = [NewCell.Put("snapshots", "orders/42", "2")] }, cancellationToken);
            time.Advance(TimeSpan.FromSeconds(1));
            await ledger.DeleteAsync("books/", "golden", cancellationToken: cancellationToken);
            time.Advance(TimeSpan.FromSeconds(1));
            await ledger.AppendAsync(new NewFact("books/", "é", "3"), cancellationToken);
        });

    static async Task<MemoryFileSystem> WriteAsync(Func<Ledger, IEnumerable<AppendRequest>> appends, CancellationToken cancellationToken, Func<Ledger, ManualTimeProvider, Task>? further = null)
    {
        var files = new MemoryFileSystem();
        var time = new ManualTimeProvider(Begin);
        var options = new LedgerOptions
        {
            FileSystem = files,
            TimeProvider = time,
            Salts = new SeededSalts(new Random(1)),
            SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
            PreallocationBytesMin = 0,
            PreallocationBytesMax = 0,
        };

        await using var ledger = await Ledger.OpenAsync(Root, options, cancellationToken);
        foreach (var append in appends(ledger))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await ledger.AppendAsync(append, cancellationToken);
        }

        if (further is not null) await further(ledger, time);
        await ledger.DisposeAsync();
        return files;
    }

    public static byte[] Bytes(MemoryFileSystem files, string name) => name.EndsWith(".run", StringComparison.Ordinal) ? files.ReadWhole($"{Root}/{name}") : files.ReadAll($"{Root}/{name}");

    static AppendRequest[] CellAppends() =>
    [
        new() { AppendId = "golden-cells", Cells = [NewCell.Put("settings", "theme", "\"dark\""), NewCell.Put("settings", "é/x", new byte[] { 0, 1, 0xFF }), NewCell.Put("state", "", "")] },
        new(new NewFact("orders/43", "placed", "1")) { Cells = [NewCell.Put("settings", "theme", "\"light\""), NewCell.Delete("state", "")] },
    ];

    static IEnumerable<AppendRequest> Appends(Ledger ledger)
    {
        yield return new AppendRequest
        {
            AppendId = "golden-1",
            Facts =
            [
                new NewFact("orders/42", "placed", """{"total":50}"""),
                new NewFact("orders/42", "paid", "true") { CausationIndex = 0, Tags = ["course:c1", "a"] },
            ],
        };
        yield return new AppendRequest(new NewFact("books/", "é", "[1, 2]")
        {
            ValidFrom = Begin.AddDays(-1),
            ValidTo = Begin.AddDays(1),
            SchemaVersion = 3,
            Correlation = "trace",
            Producer = """{"name":"golden"}""",
            Metadata = """{"user":"u1"}""",
            Derivation = new Derivation("sum", 2, [FactId.Create(Microseconds.From(Begin.AddSeconds(1)), new Position(1), ledger.Id.Tag)]),
        });
        yield return new AppendRequest(
            new NewFact("blobs/x", null, new byte[] { 0, 1, 0xFF }) { ContentType = "application/octet-stream" },
            NewFact.Retraction("orders/42", "cancelled"));
    }
}
