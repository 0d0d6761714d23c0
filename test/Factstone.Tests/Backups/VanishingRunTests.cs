using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Backups;

/// <summary>Runs that a backup copies are merged meanwhile, each time it tries.</summary>
public sealed class VanishingRunTests
{
    const string Index = $"{SmallLedger.Root}/index/";
    const int Attempts = 5;

    // The first four attempts copied what comes after the merged run, and the last one did not get that. What was left was damage of the backup.
    [Fact]
    public void What_is_left_without_the_runs_before_it_is_not_in_the_backup()
    {
        var (files, merged) = WithRunsFromBeforeTheMerge();

        var report = LedgerBackup.Run(new MergingFiles(files, merged), new LedgerLayout(SmallLedger.Root), files, new LedgerLayout(Backup.Root), new LedgerOptions().ToStorageOptions(), null, TestContext.Current.CancellationToken);

        Assert.Equal((40, 0, 0), (report.Position.Value, report.Runs, report.RunBytes));
        Assert.DoesNotContain(files.Paths, static path => path.StartsWith($"{Backup.Root}/index/", StringComparison.Ordinal));
        Assert.Empty(Backup.Verify(files, Backup.Root).Damage);
    }

    /// <summary>A ledger whose first runs were merged, with files for the same facts beside the merged one.</summary>
    static (MemoryFileSystem Files, string Merged) WithRunsFromBeforeTheMerge()
    {
        var (files, same) = (Written(factsPerRun: 4), Written(factsPerRun: 8));
        var merged = Runs(files).MaxBy(files.LengthOf)!;
        Assert.EndsWith("/00000000000000000001-00000000000000000032.run", merged, StringComparison.Ordinal);
        foreach (var path in Runs(same).Take(4)) files.Replace(path, same.ReadWhole(path));
        return (files, merged);
    }

    static MemoryFileSystem Written(int factsPerRun)
    {
        var files = new MemoryFileSystem();
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = factsPerRun });
        for (var i = 0; i < 40; i++) SmallLedger.AppendOne(ledger);
        return files;
    }

    static List<string> Runs(MemoryFileSystem files) => [.. files.Paths.Where(static path => path.StartsWith(Index, StringComparison.Ordinal) && path.EndsWith(".run", StringComparison.Ordinal))];

    /// <summary>In the first attempts the merged run is not there yet, and the last run vanishes; in the last attempt the merged run is there and vanishes.</summary>
    sealed class MergingFiles(IFileSystem inner, string merged) : DecoratedFiles(inner)
    {
        readonly HashSet<string> _opened = new(StringComparer.Ordinal);
        int _attempt;
        string _vanishing = "";

        public override IReadOnlyList<string> List(string directory)
        {
            var all = Inner.List(directory);
            if ($"{directory}/" != Index) return all;
            _opened.Clear();
            var isMerged = ++_attempt == Attempts;
            var there = all.Where(name => isMerged || Index + name != merged).ToList();
            _vanishing = isMerged ? merged : Index + there.Where(static name => name.EndsWith(".run", StringComparison.Ordinal)).Max(StringComparer.Ordinal);
            return there;
        }

        public override bool FileExists(string path) => path != _vanishing && Inner.FileExists(path);

        // It is opened once to read what it is, and a second time to be copied.
        public override IStorageFile Open(string path, FileOpening opening) =>
            path == _vanishing && !_opened.Add(path) ? throw new LedgerIOException(path, "open", "No such file or directory") : Inner.Open(path, opening);
    }
}
