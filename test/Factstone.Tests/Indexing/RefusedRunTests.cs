using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>Runs that can be written but not read back fill neither the disk nor the memory.</summary>
public sealed class RefusedRunTests
{
    [Fact]
    public void A_run_that_cannot_be_read_leaves_no_file_and_the_writer_stops_at_twice_the_bound()
    {
        var memory = new MemoryFileSystem();
        var fails = true;
        var files = new WatchedFiles(memory)
        {
            Reading = path =>
            {
                if (fails && path.EndsWith(".run", StringComparison.Ordinal)) throw new LedgerIOException(path, "reading", "it failed");
            },
        };
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 10 });
        for (var i = 0; i < 200; i++)
        {
            try
            {
                SmallLedger.AppendOne(ledger);
            }
            catch (LedgerIOException)
            {
                Assert.InRange(i, 20, 200);
            }
        }

        var left = memory.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).ToList();
        var parts = ((FileStorage)ledger.Storage).Index.Parts.Length;
        Assert.Equal((0, 2), (left.Count, parts));
        fails = false;
        for (var i = 0; i < 20; i++) SmallLedger.AppendOne(ledger);
        Assert.Equal(3, ledger.Storage.Statistics().IndexFiles);
    }
}
