using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>A reader in another process, whose runs the writer replaces during its reads.</summary>
public sealed class ReaderBesideWriterTests
{
    readonly MemoryFileSystem _files = new();
    int _appended;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Runs_that_are_taken_over_while_a_damaged_one_is_made_again_are_no_damage()
    {
        var options = SmallLedger.Options(_files) with { MemoryFactsMax = 2_000 };
        using var ledger = SmallLedger.Open(options);
        Append(ledger, 4_001);
        var taken = new List<RecoveryBranch>();
        Ledger? reader = null;
        var readerOptions = options with { BranchTaken = BranchTaken };
        Damage(Runs()[^1]);
        reader = Ledger.Open(FileStorage.OpenReadOnly(_files, SmallLedger.Root, readerOptions.ToStorageOptions()), readerOptions);

        Assert.Equal(572, SmallLedger.Now(reader.GetVersionAsync("s/0")).Value);
        Assert.Contains(RecoveryBranch.RunRebuilt, taken);
        Assert.Contains(RecoveryBranch.RunsAdopted, taken);
        for (var i = 0; i < 7; i++)
            Assert.Equal(Enumerable.Range(0, _appended).Count(number => number % 7 == i), SmallLedger.Now(reader.GetVersionAsync($"s/{i}")).Value);
        Assert.Empty(reader.Damage);
        Assert.DoesNotContain(_files.Paths, path => path.EndsWith("suspicion", StringComparison.Ordinal));
        reader.Dispose();

        void BranchTaken(RecoveryBranch branch)
        {
            taken.Add(branch);
            if (branch != RecoveryBranch.RunRebuilt || taken.Count(one => one == branch) > 1) return;
            Append(ledger, 4_001);
            reader!.Storage.Refresh(Cancel); // as another thread does that reads
        }
    }

    [Fact]
    public void Runs_that_are_merged_while_a_reader_opens_them_are_found_merged()
    {
        using var ledger = SmallLedger.Open(SmallLedger.Options(_files) with { MemoryFactsMax = 10 });
        Append(ledger, 80);
        Assert.Equal(7, Runs().Count);
        var opened = 0;
        var watched = new WatchedFiles(_files) { Opening = path => Merge(path) };
        var options = SmallLedger.Options(watched) with { MemoryFactsMax = 10, ReadOnlyFactsMax = 30 };
        using var reader = Ledger.Open(FileStorage.OpenReadOnly(watched, SmallLedger.Root, options.ToStorageOptions()), options);
        for (var i = 0; i < 7; i++)
            Assert.Equal(Enumerable.Range(0, _appended).Count(number => number % 7 == i), SmallLedger.Now(reader.GetVersionAsync($"s/{i}")).Value);

        void Merge(string path)
        {
            if (!path.EndsWith(".run", StringComparison.Ordinal) || ++opened != 2) return;
            Append(ledger, 1);
            Assert.Single(Runs());
        }
    }

    [Fact]
    public void A_reader_that_has_not_looked_for_long_goes_on_from_the_runs_that_came_since()
    {
        using var ledger = SmallLedger.Open(SmallLedger.Options(_files) with { MemoryFactsMax = 10 });
        Append(ledger, 35);
        var options = SmallLedger.Options(_files) with { MemoryFactsMax = 10, ReadOnlyFactsMax = 50 };
        using var reader = Ledger.Open(FileStorage.OpenReadOnly(_files, SmallLedger.Root, options.ToStorageOptions()), options);
        for (var round = 0; round < 3; round++)
        {
            Append(ledger, 333);
            for (var i = 0; i < 7; i++)
                Assert.Equal(Enumerable.Range(0, _appended).Count(number => number % 7 == i), SmallLedger.Now(reader.GetVersionAsync($"s/{i}")).Value);
            Assert.InRange(((FileStorage)reader.Storage).Index.Active.Count, 0, 50);
        }

        Assert.Empty(reader.Damage);
    }

    void Damage(string run)
    {
        for (var at = 8_292L; at < _files.LengthOf(run) - 1_000; at += 4_096) _files.FlipBit(run, at * 8);
    }

    List<string> Runs() => [.. _files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    void Append(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i++)
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact($"s/{_appended++ % 7}", "made", "1")), Cancel)));
    }
}
