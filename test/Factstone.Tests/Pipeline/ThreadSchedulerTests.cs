using System.Diagnostics;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>The threads that run the engine's workers. No thread sleeps while it has work.</summary>
public sealed class ThreadSchedulerTests
{
    // One hand-over at a time, so that the worker is falling asleep, asleep or just awake when the next one comes. A lost signal would
    // leave both sides waiting forever. The pauses are drawn so that every phase of falling asleep occurs.
    [Fact]
    public void No_wake_up_is_lost_in_hand_overs_one_at_a_time()
    {
        const int handovers = 300_000;
        var (asked, answered) = (0, 0);
        var worker = ThreadScheduler.Instance.Start("hand-over", () =>
        {
            var seen = Volatile.Read(ref asked);
            if (seen == Volatile.Read(ref answered)) return false;
            Volatile.Write(ref answered, seen);
            return true;
        });
        var random = new Random(1);
        var started = Stopwatch.StartNew();
        var done = 0;
        for (; done < handovers && started.Elapsed < TimeSpan.FromSeconds(2); done++)
        {
            Volatile.Write(ref asked, done + 1);
            worker.Wake();
            Until(() => Volatile.Read(ref answered) == done + 1, $"hand-over {done + 1} was never seen");
            if (random.Next(4) == 0) Thread.SpinWait(random.Next(3_000));
            if (random.Next(2_000) == 0) Thread.Sleep(1);
        }

        worker.Stop();
        Assert.True(done > 0); // on a busy machine each takes a turn of its scheduler
    }

    // A user's test has threads and a simulated disk. The exception left the thread, and ended the process of the test.
    [Fact]
    public void A_power_loss_in_a_step_ends_the_worker_and_nothing_else()
    {
        var calls = 0;
        var worker = ThreadScheduler.Instance.Start("powerless", () =>
        {
            Interlocked.Increment(ref calls);
            throw new PowerLostException("The power is lost");
        });

        Until(() => Volatile.Read(ref calls) == 1, "the worker never began");
        worker.Wake();
        worker.Stop();

        Assert.Equal(1, calls);
    }

    [Fact]
    public void A_step_that_asks_to_be_called_later_is_and_only_then()
    {
        var (calls, left, isAsking) = (0, 3, false);
        IWorker? worker = null;
        worker = ThreadScheduler.Instance.Start("later", () =>
        {
            var asks = Volatile.Read(ref isAsking); // before the first call is seen
            Interlocked.Increment(ref calls);
            if (asks && left-- > 0) worker!.WakeLater(TimeSpan.FromMilliseconds(50));
            return false;
        });
        Until(() => Volatile.Read(ref calls) >= 1, "the worker never began");
        var began = Stopwatch.StartNew();
        Volatile.Write(ref isAsking, true);
        worker.Wake();
        Until(() => Volatile.Read(ref left) < 0, "the worker was not called later");
        Assert.InRange(began.ElapsedMilliseconds, 90, long.MaxValue); // the wake-up may cut the first of the three waits short
        var seen = Volatile.Read(ref calls);
        Thread.Sleep(150);
        Assert.Equal(seen, Volatile.Read(ref calls));
        worker.Stop();
    }

    [Fact]
    public void No_wake_up_is_lost_among_millions_from_several_threads()
    {
        const int threads = 3;
        const int each = 1_000_000;
        var (given, taken) = (0L, 0L);
        var worker = ThreadScheduler.Instance.Start("many", () =>
        {
            var now = Interlocked.Read(ref given);
            if (now == Interlocked.Read(ref taken)) return false;
            Interlocked.Exchange(ref taken, now);
            return true;
        });
        var started = Stopwatch.StartNew();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (var i = 0; i < each && started.Elapsed < TimeSpan.FromSeconds(2); i++)
            {
                Interlocked.Increment(ref given);
                worker.Wake();
            }
        });
        Until(() => Interlocked.Read(ref taken) == Interlocked.Read(ref given), "the last signal was lost");
        worker.Stop();
    }

    // A call may wake a worker that has been stopped in the meantime. The call
    // does not fail; the thread that stopped the worker does the remaining work.
    [Fact]
    public async Task A_worker_may_be_woken_while_and_after_it_is_stopped()
    {
        for (var round = 0; round < 40; round++)
        {
            var worker = ThreadScheduler.Instance.Start("stopped", () => false);
            using var stopped = new ManualResetEventSlim();
            var waking = Enumerable.Range(0, 6).Select(waker => Task.Factory.StartNew(
                () =>
                {
                    for (var i = 0; !stopped.IsSet; i++)
                    {
                        worker.Wake();
                        Thread.SpinWait((waker + i) % 7 * 300);
                    }

                    worker.Wake();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)).ToList();
            if (round % 2 == 0) Thread.Sleep(1);
            worker.Stop();
            stopped.Set();
            await Task.WhenAll(waking).WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public void A_stopped_worker_makes_no_step_more()
    {
        for (var round = 0; round < 200; round++)
        {
            var steps = 0;
            var worker = ThreadScheduler.Instance.Start("steps", () => Interlocked.Increment(ref steps) % 3 != 0);
            worker.Wake();
            worker.Stop();
            var last = Volatile.Read(ref steps);
            worker.Wake();
            Thread.Yield();
            Assert.Equal(last, Volatile.Read(ref steps));
        }
    }

    static void Until(Func<bool> condition, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        var spinner = default(SpinWait);
        while (!condition())
        {
            spinner.SpinOnce(sleep1Threshold: -1);
            if (waited.Elapsed > TimeSpan.FromSeconds(20)) Assert.Fail(otherwise);
        }
    }
}
