using Factstone.Storage;

namespace Factstone.Tests.Writing;

/// <summary>A disk so full that it refuses even writes to reserved space.</summary>
public sealed class FullToTheLastTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The error claimed that nothing was written, that appends work again when there is room, and that no reopen is needed.
    [Fact]
    public async Task An_append_that_cannot_be_taken_back_is_unknown_and_the_next_one_is_told_to_open_again()
    {
        var files = new WatchedFiles(new MemoryFileSystem());
        var options = new LedgerOptions { FileSystem = files };
        await using (var ledger = await Ledger.OpenAsync("full", options, Cancel))
        {
            await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "placed"), Cancel);
            files.Writing = static path =>
            {
                if (path.EndsWith(".log", StringComparison.Ordinal)) throw new LedgerFullException(path, "write");
            };

            var outcome = Assert.IsType<AppendOutcome.Unknown>(await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("orders/1", "paid")) { AppendId = "second" }, Cancel));
            SaysWhatHolds(outcome.Cause);
            files.Writing = null;
            SaysWhatHolds(await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "sent"), Cancel)));
            Assert.Equal(1, (await ledger.GetHeadAsync(Cancel)).Value);
        }

        await using var again = await Ledger.OpenAsync("full", options, Cancel);
        Assert.Null(await again.FindAppendAsync("second", Cancel));
        Assert.Equal(2, (await again.AppendAsync(NewFact.WithoutPayload("orders/1", "paid"), Cancel)).StreamVersion.Value);

        static void SaysWhatHolds(Exception failure)
        {
            Assert.Contains("no space left", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing was written", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("no reopen", failure.Message, StringComparison.Ordinal);
        }
    }
}
