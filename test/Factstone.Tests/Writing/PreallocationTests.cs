using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>Preallocation on a full disk. A refused append leaves nothing behind.</summary>
public sealed class PreallocationTests
{
    const int Ahead = 64 * 1_024;

    // The writer claimed four megabytes for an append, and the disk had no room for it. The claim stayed. The worker found space to zero,
    // but none that it was allowed to touch, and checked again and again. A full disk kept one processor busy until there was room.
    [Fact]
    public void The_worker_rests_after_an_append_that_found_no_room()
    {
        var files = new MemoryFileSystem();
        var scheduler = new SteppedZeroing();
        using var ledger = Open(files, scheduler);
        SmallLedger.AppendOne(ledger);
        Assert.True(scheduler.Step()); // a stretch is begun and not finished
        files.CapacityBytes = files.UsedBytes;

        Assert.Throws<LedgerFullException>(() => SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(Large()))));

        Assert.True(scheduler.RestsWithin(100));
    }

    // After an append of four megabytes was refused, the worker zeroed space behind its intended end and took everything below for
    // preallocated. That was a hole in the file. The next small append was written into it without a reservation, ran out of space
    // half-way, and could not be erased. Its outcome was unknown until the next open.
    [Fact]
    public void An_append_that_found_no_room_leaves_no_hole_that_is_taken_for_space()
    {
        var files = new MemoryFileSystem();
        var scheduler = new SteppedZeroing();
        using var ledger = Open(files, scheduler);
        SmallLedger.AppendOne(ledger);
        while (scheduler.Step()) { }
        for (var i = 0; i < 75; i++) Append(ledger); // more than half of what was zeroed, so that there is work again
        files.CapacityBytes = files.UsedBytes + (512 * 1_024);
        Assert.Throws<LedgerFullException>(() => SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(Large()))));
        scheduler.RestsWithin(100);
        files.CapacityBytes = files.UsedBytes; // others take what is left

        // Appends that fit are committed, and the rest are refused. No outcome is unknown.
        for (var i = 0; i < 500; i++)
        {
            try
            {
                Append(ledger);
            }
            catch (LedgerFullException)
            {
                break;
            }
        }

        files.CapacityBytes = long.MaxValue;
        SmallLedger.AppendOne(ledger);
    }

    static void Append(Ledger ledger) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", null, new byte[8_000]) { ContentType = "x" }))));

    static NewFact Large() => new("orders/1", null, new byte[4_000_000]) { ContentType = "x" };

    static Ledger Open(MemoryFileSystem files, SteppedZeroing scheduler) => SmallLedger.Open(SmallLedger.Options(files) with
    {
        Scheduler = scheduler,
        SegmentSizeBytes = 16 * 1_024 * 1_024,
        PreallocationBytesMin = Ahead * 16,
        PreallocationBytesMax = Ahead * 16,
    });

    /// <summary>Runs the writer inline, and the zeroing one step at a time.</summary>
    sealed class SteppedZeroing : IScheduler
    {
        readonly InlineScheduler _inline = new();
        Func<bool> _zeroing = () => false;

        public IWorker Start(string name, Func<bool> step)
        {
            if (name != "factstone zeroing") return _inline.Start(name, step);
            _zeroing = step;
            return _inline.Start(name, () => false);
        }

        public void Complete(IThreadPoolWorkItem completion) => _inline.Complete(completion);

        public bool Step() => _zeroing();

        public bool RestsWithin(int steps)
        {
            for (var i = 0; i < steps; i++)
                if (!_zeroing()) return true;
            return false;
        }
    }
}
