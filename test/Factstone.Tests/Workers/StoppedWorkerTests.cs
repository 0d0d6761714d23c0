using System.Diagnostics;
using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Workers;

/// <summary>An unexpected exception stops a worker, not the process. The ledger continues without it and reports that.</summary>
public sealed class StoppedWorkerTests
{
    const int MemoryFacts = 5;
    const int Appends = 45;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // An exception on the thread of the index or of the preallocation was not caught. It ended the process, and also the next one at its
    // start, which tried the same work again. Here it occurs at every operation of the worker.
    [Theory]
    [InlineData("factstone index", "index", false)]
    [InlineData("factstone index", "index", true)]
    [InlineData("factstone zeroing", "preallocation", false)]
    [InlineData("factstone zeroing", "preallocation", true)]
    public void A_worker_may_stop_at_each_of_its_operations(string thread, string worker, bool goesOnThrowing)
    {
        var tried = 0;
        for (var n = 1; ; n++, tried++)
        {
            var scheduler = new MarkedScheduler();
            var files = new ThrowingFiles(new MemoryFileSystem())
            {
                Counts = (_, path) => scheduler.Current == thread && !path.EndsWith("WORKERS", StringComparison.Ordinal),
                Throws = goesOnThrowing ? number => number >= n : number => number == n,
            };
            if (!Survives(files, scheduler, worker)) break;
        }

        Assert.True(tried > (worker == WorkerFailure.Index ? 100 : 20), $"only {tried} operations");
    }

    // The writer does the work of a late index worker. An open builds runs
    // from the log that it reads, and a close from what remains in memory.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_builder_may_stop_in_the_hands_of_the_writer_an_open_or_a_close(bool goesOnThrowing)
    {
        var tried = 0;
        for (var n = 1; ; n++, tried++)
        {
            var files = new ThrowingFiles(new MemoryFileSystem())
            {
                Counts = MakesRun,
                Throws = goesOnThrowing ? number => number >= n : number => number == n,
            };
            if (!Survives(files, new MarkedScheduler { Late = "factstone index" }, WorkerFailure.Index)) break;
        }

        Assert.True(tried > 20, $"only {tried} operations");
    }

    [Theory]
    [InlineData("factstone index", "index")]
    [InlineData("factstone zeroing", "preallocation")]
    public async Task On_threads_of_their_own_they_end_alone(string thread, string worker)
    {
        var told = new TaskCompletionSource<LedgerNotice>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The exception also prevents a notice to other processes.
        var files = new ThrowingFiles(new MemoryFileSystem()) { Counts = (_, _) => Thread.CurrentThread.Name == thread, Throws = static _ => true };
        var options = Options(files, new MarkedScheduler()) with
        {
            Scheduler = ThreadScheduler.Instance,
            Notice = notice =>
            {
                told.TrySetResult(notice);
                throw new NotSupportedException("a callback that throws");
            },
        };
        await using var ledger = await Ledger.OpenAsync(SmallLedger.Root, options, Cancel);
        var kept = 0;
        LedgerIndexException? refused = null;

        // The exception has not occurred if the worker's thread is late; until then, the writer does its work.
        var waited = Stopwatch.StartNew();
        for (int i = 0, since = 0; since < Appends && waited.Elapsed < TimeSpan.FromMinutes(1); i++)
        {
            if (told.Task.IsCompleted) since++;
            try
            {
                await ledger.AppendAsync(Next(i), Cancel);
                kept++;
            }
            catch (LedgerIndexException full)
            {
                refused = full;
            }
        }

        Assert.Equal(worker, Assert.IsType<LedgerNotice.WorkerStopped>(await told.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancel)).Failure.Worker);
        Assert.Equal(worker, Assert.Single(ledger.WorkerFailures).Worker);
        Assert.Equal(worker == WorkerFailure.Index, refused is not null);
        if (refused is not null) Assert.Equal(worker, refused.Worker!.Worker);
        Assert.Equal(kept, (await ledger.ReadAsync(cancellationToken: Cancel).ToListAsync(Cancel)).Count);
    }

    // The reader that finds a damaged run rebuilds it. Without the worker, the rebuilt part stays in memory, up to a bound.
    [Theory]
    [InlineData(1_000)]
    [InlineData(2)]
    public void A_damaged_run_is_made_again_in_memory_when_the_builder_has_stopped(long itemsMax)
    {
        var memory = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(Options(memory, new MarkedScheduler())))
            for (var i = 0; i < 8; i++) Append(ledger, i);
        var files = new ThrowingFiles(memory) { Counts = MakesRun, Throws = static _ => true };
        using var reopened = SmallLedger.Open(Options(files, new MarkedScheduler()) with { ReadOnlyFactsMax = itemsMax });
        for (var i = 8; i < 14; i++) Append(reopened, i);
        Assert.Single(reopened.WorkerFailures);
        var storage = (FileStorage)reopened.Storage;
        var run = storage.Runs()[0];
        memory.FlipBit(run.Path, 8 * 20);
        run.ForgetChecks();
        if (itemsMax > 100)
        {
            Assert.Equal(14, Read(reopened).Count);
            return;
        }

        var refused = Assert.Throws<LedgerIndexException>(() => Read(reopened));
        Assert.Equal(WorkerFailure.Index, refused.Worker!.Worker);
    }

    static bool MakesRun(string operation, string path) => path.EndsWith(".run", StringComparison.Ordinal) && operation is "create" or "write";

    /// <summary>
    /// Appends while a worker throws, opens with the same exception, and opens
    /// without it. Returns false if the session ends before an exception was thrown.
    /// </summary>
    static bool Survives(ThrowingFiles files, MarkedScheduler scheduler, string worker)
    {
        var notices = new List<LedgerNotice>();
        var kept = 0;
        using (var ledger = SmallLedger.Open(Options(files, scheduler) with { Notice = notices.Add }))
        {
            for (var i = 0; i < Appends; i++) kept += TryAppend(ledger, i, worker) ? 1 : 0;
            if (files.HasThrown) Says(ledger, notices, worker, kept);
        }

        if (!files.HasThrown) return false;
        Assert.Single(notices);
        Assert.True(worker == WorkerFailure.Index || kept == Appends);
        using (var reader = SmallLedger.OpenReadOnly(files))
        {
            var failure = Assert.Single(reader.WorkerFailures);
            Assert.Equal(worker, failure.Worker);
            Assert.StartsWith("planted", failure.Message, StringComparison.Ordinal);
            Assert.Null(failure.Exception);
        }

        // The same exception occurs at each open, and the ledger still opens and serves.
        files.Throws = static _ => true;
        for (var start = 0; start < 3; start++)
        {
            var again = new MarkedScheduler { Late = scheduler.Late };
            files.Counts = worker == WorkerFailure.Index ? MakesRun : (_, _) => again.Current == "factstone zeroing";
            using var ledger = SmallLedger.Open(Options(files, again));
            Assert.Equal(kept, Read(ledger).Count);
            for (var i = 0; i < 2 * MemoryFacts; i++) kept += TryAppend(ledger, kept, worker) ? 1 : 0;
            Assert.Equal(kept, Read(ledger).Count);
            IsBounded(ledger);
        }

        files.Throws = static _ => false;
        using (var ledger = SmallLedger.Open(Options(files, new MarkedScheduler())))
        {
            Assert.Empty(ledger.WorkerFailures);
            Assert.Empty(ledger.Damage);
            Append(ledger, kept);
            Assert.Equal(kept + 1, Read(ledger).Count);
            IsBounded(ledger);
        }

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, Cancel);
        Assert.Empty(report.Damage);
        return true;
    }

    static void Says(Ledger ledger, List<LedgerNotice> notices, string worker, int kept)
    {
        var failure = Assert.Single(ledger.WorkerFailures);
        Assert.Equal(worker, failure.Worker);
        Assert.IsType<InvalidOperationException>(failure.Exception);
        Assert.Equal(failure, Assert.IsType<LedgerNotice.WorkerStopped>(Assert.Single(notices)).Failure);
        Assert.Empty(ledger.Damage);
        Assert.Equal(kept, Read(ledger).Count);
        IsBounded(ledger);
    }

    static void IsBounded(Ledger ledger) => Assert.InRange(((FileStorage)ledger.Storage).Index.UnwrittenItems, 0, 2 * MemoryFacts);

    static List<string> Read(Ledger ledger)
    {
        var found = Enumerable.Range(1, (int)ledger.Storage.Head.Position.Value).Select(position => ledger.Storage.ReadAt(new Position(position))!.Type!).ToList();
        Assert.Equal(found.Count == 0 ? 0 : 1, ledger.Storage.Streams("orders", "", null, ledger.Storage.Head.Position, 10).Count());
        Assert.Equal(found.Count, found.Distinct().Count());
        return found;
    }

    static bool TryAppend(Ledger ledger, int number, string worker)
    {
        try
        {
            Append(ledger, number);
            return true;
        }
        catch (LedgerIndexException refused)
        {
            Assert.Equal(worker, refused.Worker!.Worker);
            Assert.Contains("index worker", refused.Message, StringComparison.Ordinal);
            return false;
        }
    }

    static void Append(Ledger ledger, int number) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(Next(number)))));

    static NewFact Next(int number) => new("orders/1", $"n{number}", $"\"{new string('x', 3_000)}\"");

    static LedgerOptions Options(IFileSystem files, MarkedScheduler scheduler) => SmallLedger.Options(files) with
    {
        Scheduler = scheduler,
        MemoryFactsMax = MemoryFacts,
        PreallocationBytesMin = 4_096,
        PreallocationBytesMax = 16_384,
        IdleBeforeMerging = TimeSpan.Zero,
    };
}
