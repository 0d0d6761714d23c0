namespace Factstone.Tests.Following;

/// <summary>
/// A follower delivers each matching durable fact once and in order, whenever it changes from reading the log to waiting for new facts.
/// </summary>
public sealed class FollowerRunTests
{
    const int Runs = 100;
    const int FactsWhilePaused = 100_000;
    const int Turns = 10_000;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_fact_is_followed_once_and_in_order_beside_writers()
    {
        // Four at once, because they mostly wait. A replay does not repeat the order of the threads.
        var counts = await new SeedRuns(Runs) { SeedsAtOnce = 4 }.RunAsync(static async (seed, counts) =>
        {
            await using var run = new FollowerRun(seed);
            await run.RunAsync();
            counts.Count("facts followed", run.Given);
        });

        Assert.True(counts.Seeds < Runs || counts["facts followed"] > 100_000);
    }

    [Fact]
    public async Task A_follower_that_was_paused_for_100_000_facts_goes_on_from_the_disk()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-follow-");
        try
        {
            await using var ledger = await Ledger.OpenAsync($"{directory.FullName}/ledger", cancellationToken: Cancellation);
            await AppendAsync(ledger, 10);
            var follower = ledger.OpenFollower(FactQuery.All);
            await using var facts = follower.GetAsyncEnumerator(Cancellation);
            for (var position = 1; position <= 5; position++)
            {
                Assert.True(await facts.MoveNextAsync());
                Assert.Equal(position, facts.Current.Position.Value);
            }

            await AppendAsync(ledger, FactsWhilePaused);
            Assert.Equal(FactsWhilePaused + 5, follower.GetLag().Facts);
            for (var position = 6; position <= FactsWhilePaused + 10; position++)
            {
                Assert.True(await facts.MoveNextAsync());
                Assert.Equal(position, facts.Current.Position.Value);
            }

            Assert.Equal(default, follower.GetLag());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // Each append occurs when the follower has delivered the fact before it and begins to wait. No append follows the last one, so a
    // follower that misses that change of the head waits forever.
    [Fact]
    public async Task No_fact_is_missed_that_comes_just_when_a_follower_begins_to_wait()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var follower = ledger.OpenFollower(FactQuery.All);
        var following = Task.Run(async () =>
        {
            var random = new Random(1);
            await foreach (var fact in follower.WithCancellation(Cancellation))
            {
                if (fact.Position.Value == Turns) break;
                Thread.SpinWait(random.Next(1_000)); // about as long as an append takes
            }
        }, Cancellation);

        for (var turn = 1; turn <= Turns; turn++)
        {
            var append = ledger.AppendAsync(new NewFact("s/k", "t", "1"), Cancellation);
            var waiting = default(SpinWait);
            var started = TimeProvider.System.GetTimestamp();
            while (follower.Position.Value < turn)
            {
                waiting.SpinOnce(sleep1Threshold: -1);
                Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"Fact {turn} was not followed: {following.Status}, {append.IsCompleted}.");
            }

            await append;
        }

        await following;
    }

    static async Task AppendAsync(Ledger ledger, int count)
    {
        await using var appender = ledger.OpenAppender();
        for (var left = count; left > 0; left -= 100)
            await appender.SendAsync(new AppendRequest { Facts = [.. Enumerable.Range(0, Math.Min(left, 100)).Select(i => new NewFact($"s/{i}", "t", "1"))] }, cancellationToken: Cancellation);
    }
}
