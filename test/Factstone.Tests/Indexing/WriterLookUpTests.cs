using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>
/// Two rare cases of the append session in the storage: an abandoned group, and a head that the session must look up itself.
/// </summary>
public sealed class WriterLookUpTests
{
    const int Streams = 2_000;

    static PreparedAppend Prepared(StreamName stream) => AppendPreparation.Prepare(new AppendRequest(new NewFact(stream, "placed", "1")), new SeededSalts(new Random(5)));

    // One append of a group could not be decided, after others had been accepted, and the group was abandoned. The callers were told that
    // nothing was written. The next group wrote the accepted appends.
    [Fact]
    public async Task A_group_that_was_let_go_is_not_written_by_the_next_commit()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files))
        {
            SmallLedger.AppendOne(ledger);
            var time = ledger.Storage.Head.RecordedAt;
            var letGo = ledger.Storage.Appending!.Begin();
            letGo.Accept(Prepared("orders/gone"), time + 1);
            letGo.Accept(Prepared("orders/both"), time + 2);

            var session = ledger.Storage.Appending!.Begin();
            Assert.Equal(StreamVersion.None, session.State("orders/gone").Version);
            var receipt = session.Accept(Prepared("orders/both"), time + 3);
            session.Commit();
            Assert.Equal((new Position(2), new StreamVersion(1)), (receipt.FirstPosition, receipt.StreamVersion));
            await HoldsAsync(ledger);
        }

        using var again = SmallLedger.Open(files);
        await HoldsAsync(again);

        static async Task HoldsAsync(Ledger ledger)
        {
            Assert.Equal(2, (await ledger.GetHeadAsync(TestContext.Current.CancellationToken)).Value);
            Assert.Null(await ledger.ReadLatestAsync("orders/gone", cancellationToken: TestContext.Current.CancellationToken));
            Assert.Equal(1, (await ledger.GetVersionAsync("orders/both", cancellationToken: TestContext.Current.CancellationToken)).Value);
        }
    }

    // A repair may leave several frames with the same time from one append, and each may fill a part of the index.
    [Fact]
    public void An_append_that_waited_is_looked_up_again_although_all_that_passed_it_has_one_time()
    {
        var files = new MemoryFileSystem();
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 1 });
        for (var i = 0; i < 5; i++) SmallLedger.AppendOne(ledger);
        var time = ledger.Storage.Head.RecordedAt;
        var waiting = Prepared("orders/one");
        var before = ledger.Storage.Appending!.Prepare(waiting, out _)!;
        foreach (var stream in (StreamName[])["orders/one", "orders/2", "orders/3", "orders/4", "orders/5"])
        {
            var other = Prepared(stream);
            var session = ledger.Storage.Appending!.Begin();
            session.Consider(ledger.Storage.Appending!.Prepare(other, out _)!);
            session.Accept(other, time);
            session.Commit();
        }

        var late = ledger.Storage.Appending!.Begin();
        late.Consider(before);
        Assert.Equal(1, late.State("orders/one").Version.Value);
    }

    // While an append waited, more facts than memory holds were committed, so the writer looked up its head. A damaged block met there
    // surfaced as an unexpected exception and ended all appends. The run must be rebuilt, as for any reader.
    [Fact]
    public void A_head_that_the_writer_looks_up_in_a_damaged_run_is_answered_from_the_log()
    {
        var taken = new List<RecoveryBranch>();
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = Streams, BranchTaken = taken.Add };

        // The keys are so long that an open, which reads few blocks, leaves most blocks unread.
        static StreamName Stream(int number) => new("orders", $"{new string('k', 400)}{number:D6}{new string('k', 400)}");
        long time;
        using (var ledger = SmallLedger.Open(options))
        {
            for (var at = 0; at < Streams; at += 100)
                SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(at, 100).Select(i => new NewFact(Stream(i), "placed", "1"))] })).EnsureCommittedOrDuplicate();
        }

        using (var ledger = SmallLedger.Open(options))
        {
            time = ledger.Storage.Head.RecordedAt;
            var run = Assert.Single(files.Paths, path => path.EndsWith(".run", StringComparison.Ordinal));
            for (var byteAt = 0L; byteAt < files.LengthOf(run); byteAt += RunFormat.BlockBytes) files.FlipBit(run, byteAt * 8);
            taken.Clear();

            // Prepared before there was a run, so its heads are out of date.
            var session = ledger.Storage.Appending!.Begin();
            session.Consider(IndexSnapshot.Empty);
            var receipt = session.Accept(Prepared(Stream(777)), time + 1);
            session.Commit();
            Assert.Equal(2, receipt.StreamVersion.Value);
            Assert.Contains(RecoveryBranch.WriterLookedUp, taken);
            Assert.Contains(RecoveryBranch.RunRebuilt, taken);
            Assert.Empty(ledger.Damage);
        }

        using var again = SmallLedger.Open(options);
        Assert.Empty(again.Damage);
        Assert.Equal(2, again.Storage.StateAt(Stream(777), again.Storage.Head.Position).Version.Value);
    }
}
