using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A reader in another process meets an I/O error during a refresh. The
/// next refresh, on a working disk, shows everything that was published.
/// </summary>
public sealed class RefusedRefreshTests
{
    const int AppendsBefore = 15;
    const int AppendsSince = 60;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A reader had read up to the end in HEAD. Then the listing of the index directory, where it looks for new runs, failed. The reader
    // recorded that slot of HEAD as shown, although it had not shown it. Every later refresh returned at once, and the reader stayed behind
    // until the next append, which may never come.
    [Theory]
    [InlineData(1, "the listing before the runs are opened")]
    [InlineData(2, "the listing that they are opened by")]
    [InlineData(3, "the listing behind them")]
    public void A_listing_that_fails_while_runs_are_adopted_hides_nothing(int listing, string which)
    {
        var (disk, writer, reader) = Begin(readOnlyFactsMax: 1_000);
        Append(writer, AppendsSince);
        var listings = 0;
        disk.Faults.OnlyPaths = path => path.EndsWith("/index", StringComparison.Ordinal) && ++listings == listing;
        disk.Faults.Next(Fault.Error);

        var head = SmallLedger.Now(reader.GetHeadAsync());

        Assert.True(disk.FaultCounts[nameof(Fault.Error)] == 1, which);
        Assert.Equal(AppendsBefore + AppendsSince, head.Value);
        AssertIsWhole(reader);
    }

    // Whichever operation of a refresh fails, the next refresh shows what was published, even without another append.
    [Theory]
    [InlineData(1_000)]
    [InlineData(50)]
    public void Whatever_fails_in_a_look_the_next_one_shows_all_that_was_published(int readOnlyFactsMax)
    {
        for (var io = 1; ; io++)
        {
            var (disk, writer, reader) = Begin(readOnlyFactsMax);
            Append(writer, AppendsSince);
            disk.Faults.At(disk.IoCount + io, Fault.Error);
            try
            {
                SmallLedger.Now(reader.GetHeadAsync());
            }
            catch (FactstoneException refused) when (refused is LedgerIOException or LedgerIndexException)
            {
                // This refresh was refused. The next one must succeed.
            }

            var struck = disk.FaultCounts.ContainsKey(nameof(Fault.Error));
            disk.Faults.Clear();
            Assert.Equal(AppendsBefore + AppendsSince, SmallLedger.Now(reader.GetHeadAsync()).Value);
            AssertIsWhole(reader);
            if (struck) continue;
            Assert.True(io > 10, "there were operations that could fail");
            return;
        }
    }

    static (SimulatedDisk Disk, Ledger Writer, Ledger Reader) Begin(int readOnlyFactsMax)
    {
        var disk = new SimulatedDisk(1);
        var writer = SmallLedger.Open(SmallLedger.Options(disk.FileSystem) with { MemoryFactsMax = 10 });
        Append(writer, AppendsBefore);
        var files = disk.StartProcess();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 10, ReadOnlyFactsMax = readOnlyFactsMax };
        return (disk, writer, Ledger.Open(FileStorage.OpenReadOnly(files, SmallLedger.Root, options.ToStorageOptions()), options));
    }

    static void AssertIsWhole(Ledger reader)
    {
        for (var position = 1; position <= AppendsBefore + AppendsSince; position++)
            Assert.Equal(position, SmallLedger.Now(reader.ReadAtAsync(new Position(position)))!.Position.Value);
        for (var stream = 0; stream < 3; stream++)
            Assert.Equal((AppendsBefore + AppendsSince) / 3, SmallLedger.Now(reader.GetVersionAsync($"s/{stream}")).Value);
        Assert.Equal(AppendsSince.ToString(System.Globalization.CultureInfo.InvariantCulture), System.Text.Encoding.UTF8.GetString(SmallLedger.Now(reader.ReadCellAsync("b", "n"))!.Value.Span));
        Assert.NotNull(SmallLedger.Now(reader.FindAppendAsync($"id-{AppendsSince}")));
        Assert.Empty(reader.Damage);
    }

    static void Append(Ledger ledger, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            var head = SmallLedger.Now(ledger.GetHeadAsync()).Value;
            var request = new AppendRequest(new NewFact($"s/{head % 3}", "made", $"\"{new string('x', 3_000)}\"")) { Cells = [NewCell.Put("b", "n", $"{i}")], AppendId = count == AppendsSince ? $"id-{i}" : null };
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(request, Cancel)));
        }
    }
}
