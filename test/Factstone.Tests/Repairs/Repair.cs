using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>Repairs a ledger on a file system of the tests.</summary>
internal static class Repair
{
    public static readonly DateTimeOffset Now = SmallLedger.Begin + TimeSpan.FromHours(2);

    public static RepairReport Run(IFileSystem files, bool isDryRun = false, string root = SmallLedger.Root, CancellationToken cancellationToken = default)
    {
        var options = SmallLedger.Options(files, Now).ToStorageOptions();
        return LedgerRepair.Run(files, root, options, isDryRun, progress: null, cancellationToken);
    }

    /// <summary>The facts that a read of everything returns.</summary>
    public static List<Fact> All(Ledger ledger, bool backward = false)
    {
        var facts = new List<Fact>();
        var enumerator = ledger.ReadAsync(new ReadOptions { Backward = backward }).GetAsyncEnumerator();
        while (SmallLedger.Now(enumerator.MoveNextAsync())) facts.Add(enumerator.Current);
        return facts;
    }

    public static List<Fact> Stream(Ledger ledger, StreamName stream, bool backward = false)
    {
        var facts = new List<Fact>();
        var enumerator = ledger.ReadStreamAsync(stream, new StreamReadOptions { Backward = backward }).GetAsyncEnumerator();
        while (SmallLedger.Now(enumerator.MoveNextAsync())) facts.Add(enumerator.Current);
        return facts;
    }

    public static AppendReceipt Append(Ledger ledger, AppendRequest request) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(request))).Receipt;

    public static long[] Positions(IEnumerable<PositionRange> ranges) =>
        [.. ranges.SelectMany(range => Enumerable.Range(0, (int)range.Count).Select(i => range.First.Value + i))];

    /// <summary>All files with their bytes, except the lock file.</summary>
    public static Dictionary<string, byte[]> Bytes(MemoryFileSystem files) =>
        files.Paths.Where(path => !path.EndsWith("/LOCK", StringComparison.Ordinal)).ToDictionary(path => path, files.ReadAll);

    /// <summary>Flips a bit of a fact, in its header or behind it.</summary>
    public static void DamageFact(MemoryFileSystem files, Position position, bool isHeaderLost)
    {
        var manifest = new ManifestFile(files, new LedgerLayout(SmallLedger.Root)).Read()!;
        var header = manifest.Segments.Last(segment => segment.BasePosition <= position);
        var location = new FactLocation(files, $"{SmallLedger.Root}/segments/{header.Name}", header, position);
        files.FlipBit(location.Path, (isHeaderLost ? location.HeaderAt : location.BodyAt) * 8);
    }
}
