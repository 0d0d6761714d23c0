using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>A change that another program has made to one file of a ledger.</summary>
/// <param name="Path">The file.</param>
/// <param name="What">The change, for the message of a failed test.</param>
/// <param name="Apply">Makes the change.</param>
internal sealed record FileChange(string Path, string What, Action<MemoryFileSystem> Apply)
{
    public override string ToString() => $"{Path[(SmallLedger.Root.Length + 1)..]} {What}";

    /// <summary>All changes to each file of a ledger: it is older, newer, missing, truncated, or from another ledger.</summary>
    public static List<FileChange> Of(AgedLedger ledger, AgedLedger other)
    {
        var now = ledger.At(AgedLedger.Now);
        var changes = new List<FileChange>();
        var runs = now.Paths.Where(static path => path.EndsWith(".run", StringComparison.Ordinal)).ToList();
        foreach (var path in now.Paths.Where(static path => !path.EndsWith("LOCK", StringComparison.Ordinal)))
        {
            if (Version(ledger, path, Enumerable.Range(0, AgedLedger.Now - 4).Reverse()) is { } older) changes.Add(older with { What = $"older: {older.What}" });
            if (path.EndsWith("HEAD", StringComparison.Ordinal) || path.EndsWith("MANIFEST", StringComparison.Ordinal)) changes.Add(From(ledger, path, AgedLedger.ClosedEarlyAt) with { What = "of an earlier close" });
            if (Version(ledger, path, Enumerable.Range(AgedLedger.Now + 5, AgedLedger.End - AgedLedger.Now - 4)) is { } newer) changes.Add(newer with { What = $"newer: {newer.What}" });
            changes.Add(new FileChange(path, "missing", files => files.Delete(path)));
            changes.Add(Cut(now, path, (now.LastWrittenByte(path) + 1) / 2, "truncated"));
            if (LedgerLayout.IsSegment(path)) changes.Add(Cut(now, path, SegmentMap.Of(now, path).Frames[^3].Start, "truncated between two appends"));
            if (other.At(AgedLedger.Now).Paths.Contains(path)) changes.Add(From(other, path, AgedLedger.Now) with { What = "another ledger's" });
        }

        var later = ledger.At(AgedLedger.End);
        foreach (var run in later.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal) && !runs.Contains(path)))
            changes.Add(new FileChange(run, "from a later state", files => files.Replace(run, later.ReadWhole(run))));
        return changes;
    }

    static FileChange? Version(AgedLedger ledger, string path, IEnumerable<int> numbers)
    {
        var now = ledger.At(AgedLedger.Now).ReadAll(path);
        foreach (var number in numbers)
            if (ledger.At(number).Paths.Contains(path) && !ledger.At(number).ReadAll(path).AsSpan().SequenceEqual(now)) return From(ledger, path, number);
        return null;
    }

    static FileChange From(AgedLedger ledger, string path, int number) =>
        new(path, $"as of {number}", files => files.Replace(path, ledger.At(number).ReadWhole(path)));

    static FileChange Cut(MemoryFileSystem now, string path, long length, string what)
    {
        var content = now.ReadWhole(path).AsSpan(0, (int)length).ToArray();
        return new FileChange(path, what, files => files.Replace(path, content));
    }
}
