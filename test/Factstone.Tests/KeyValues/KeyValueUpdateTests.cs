using Factstone.Storage;

namespace Factstone.Tests.KeyValues;

/// <summary>Updates by a function: callers at once lose nothing, and what cannot succeed ends with an exception that says why.</summary>
public sealed class KeyValueUpdateTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_update_begins_with_the_seed_and_goes_on_with_what_is_stored()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);

        var first = await counters.UpdateAsync("runs", seed: 10L, static count => count + 1, cancellationToken: Cancellation);
        var second = await counters.UpdateAsync("runs", seed: 10L, static count => count + 1, cancellationToken: Cancellation);
        await counters.DeleteAsync("runs", Cancellation);
        var third = await counters.UpdateAsync("runs", seed: 20L, static count => count + 1, cancellationToken: Cancellation);

        Assert.Equal([(11L, 1L), (12L, 2L), (21L, 4L)], new[] { first, second, third }.Select(static entry => (entry.Value, entry.Version.Value)));
    }

    [Fact]
    public async Task Eight_callers_with_200_increments_each_make_exactly_1600()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
            for (var i = 0; i < 200; i++) await counters.UpdateAsync("runs", seed: 0L, static count => count + 1, cancellationToken: Cancellation);
        }, Cancellation)));

        var entry = await ledger.KeyValue("counters", LeaseJson.Default.Int64).GetAsync("runs", Cancellation);
        Assert.Equal((1_600L, 1_600L), (entry!.Value, entry.Version.Value));
    }

    // Those who swap by hand take no turns, so the updates have to try again.
    [Fact]
    public async Task Updates_and_swaps_at_once_lose_nothing()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        await counters.PutAsync("runs", 0, Cancellation);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                if (caller % 2 == 0)
                {
                    await counters.UpdateAsync("runs", seed: 0L, static count => count + 1, attemptsMax: int.MaxValue, Cancellation);
                    continue;
                }

                var actual = await counters.GetAsync("runs", Cancellation);
                while (await counters.CompareAndSwapAsync("runs", expected: actual!.Value, actual.Value + 1, Cancellation) is KeyValueOutcome<long>.Conflict conflict) actual = conflict.Actual;
            }
        }, Cancellation)));

        Assert.Equal(400, (await counters.GetAsync("runs", Cancellation))?.Value);
    }

    [Fact]
    public async Task Of_eight_callers_that_put_a_new_entry_at_once_one_wins_and_the_others_see_it()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        for (var round = 0; round < 50; round++)
        {
            var name = $"run-{round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(caller =>
                Task.Run(async () => await counters.PutNewAsync(name, caller, Cancellation), Cancellation)));

            var winner = Assert.Single(outcomes.OfType<KeyValueOutcome<long>.Stored>()).Entry;
            Assert.All(outcomes.OfType<KeyValueOutcome<long>.Conflict>(), conflict => Assert.Equal(winner.Value, conflict.Actual?.Value));
            Assert.Equal(1, (await counters.GetAsync(name, Cancellation))?.Version.Value);
        }
    }

    [Fact]
    public async Task An_update_that_meets_another_write_each_time_ends_after_its_attempts()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        var calls = 0;
        long Interrupted(long count)
        {
            Wait(counters.PutAsync("runs", -(++calls), Cancellation));
            return count + 1;
        }

        var few = await Assert.ThrowsAsync<TooManyConflictsException>(async () => await counters.UpdateAsync("runs", seed: 0L, Interrupted, attemptsMax: 3, Cancellation));
        Assert.Equal((3, 3, true), (calls, few.Attempts, few.IsTransient));
        Assert.Equal("Nothing was written: each of 3 attempts to change entry counters/runs met a write by another caller. Try again, or let fewer callers change it at once.", few.Message);
        Assert.Equal(-3, (await counters.GetAsync("runs", Cancellation))?.Value);

        calls = 0;
        var usual = await Assert.ThrowsAsync<TooManyConflictsException>(async () => await counters.UpdateAsync("runs", seed: 0L, Interrupted, cancellationToken: Cancellation));
        Assert.Equal((20, 20), (calls, usual.Attempts));
    }

    [Fact]
    public async Task A_function_that_throws_returns_null_or_updates_its_own_entry_writes_nothing_and_blocks_nobody()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        var seed = new Lease("me", 0);

        await Assert.ThrowsAsync<TimeoutException>(async () => await leases.UpdateAsync("a", seed, static _ => throw new TimeoutException(), cancellationToken: Cancellation));
        var returned = await Assert.ThrowsAsync<InvalidOperationException>(async () => await leases.UpdateAsync("a", seed, static _ => null!, cancellationToken: Cancellation));
        Assert.Contains("'leases/a' returned null", returned.Message, StringComparison.Ordinal);
        var nested = await Assert.ThrowsAsync<InvalidOperationException>(async () => await leases.UpdateAsync(
            "a", seed, lease => Wait(leases.UpdateAsync("a", lease, static one => one, cancellationToken: Cancellation)).Value, cancellationToken: Cancellation));
        Assert.Contains("updates the same entry", nested.Message, StringComparison.Ordinal);
        Assert.False(await leases.HasAsync("a", Cancellation));

        // Another entry can be updated by the function, and the entry itself afterwards.
        var entry = await leases.UpdateAsync("a", seed, lease => Wait(leases.UpdateAsync("b", lease, static one => one, cancellationToken: Cancellation)).Value, cancellationToken: Cancellation);
        Assert.Equal((seed, 1L), (entry.Value, entry.Version.Value));
    }

    [Fact]
    public async Task A_cancelled_update_writes_nothing_also_while_it_waits_for_its_turn()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        using var cancelling = new CancellationTokenSource();
        Task? waiting = null;

        await counters.UpdateAsync("runs", seed: 0L, count =>
        {
            // On another thread, so that it waits for the turn of this update.
            waiting = Task.Run(async () => await counters.UpdateAsync("runs", seed: 0L, static other => other + 10, cancellationToken: cancelling.Token), Cancellation);
            cancelling.Cancel();
            return count + 1;
        }, cancellationToken: Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting!);
        Assert.Equal(2, (await counters.UpdateAsync("runs", seed: 0L, static count => count + 1, cancellationToken: Cancellation)).Value);
    }

    // Nobody knows whether the value was stored. A second attempt could add twice.
    [Fact]
    public async Task An_update_whose_outcome_is_unknown_is_not_tried_again()
    {
        var files = new WatchedFiles(new MemoryFileSystem());
        await using var ledger = await Ledger.OpenAsync("unknown", new LedgerOptions { FileSystem = files }, Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        await counters.PutAsync("runs", 1, Cancellation);
        files.Writing = static path =>
        {
            if (path.EndsWith(".log", StringComparison.Ordinal)) throw new LedgerFullException(path, "write");
        };
        var calls = 0;

        await Assert.ThrowsAsync<AppendUnknownException>(async () => await counters.UpdateAsync("runs", seed: 0L, count =>
        {
            calls++;
            return count + 1;
        }, cancellationToken: Cancellation));

        Assert.Equal(1, calls);
        Assert.Equal(1, (await counters.GetAsync("runs", Cancellation))?.Value);
        await Assert.ThrowsAsync<LedgerFailedException>(async () => await counters.CompareAndSwapAsync("runs", expected: 1L, 2, Cancellation));
        files.Writing = null;
    }

    /// <summary>A function of an update is not asynchronous, so it can only wait.</summary>
    static T Wait<T>(ValueTask<T> call) => call.AsTask().GetAwaiter().GetResult();
}
