using Factstone.Testing;

namespace Factstone.Storage.Tests;

public sealed class ManualTimeProviderTests
{
    static readonly DateTimeOffset Start = new(2024, 2, 29, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Time_stands_still_until_it_is_moved()
    {
        var time = new ManualTimeProvider(Start);
        var before = time.GetTimestamp();

        Assert.Equal(Start, time.GetUtcNow());
        time.Advance(TimeSpan.FromMilliseconds(1.5));

        Assert.Equal(Start.AddMilliseconds(1.5), time.GetUtcNow());
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), time.GetElapsedTime(before));
        Assert.Throws<ArgumentOutOfRangeException>(() => time.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_take_back_elapsed_time()
    {
        var time = new ManualTimeProvider(Start);
        var before = time.GetTimestamp();

        time.Advance(TimeSpan.FromHours(1));
        time.SetUtcNow(Start.AddDays(-1).ToOffset(TimeSpan.FromHours(5)));

        Assert.Equal(Start.AddDays(-1), time.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, time.GetUtcNow().Offset);
        Assert.Equal(TimeSpan.FromHours(1), time.GetElapsedTime(before));
    }

    [Fact]
    public void A_timer_never_fires()
    {
        var time = new ManualTimeProvider(Start);
        var fired = false;
        using var timer = time.CreateTimer(_ => fired = true, null, TimeSpan.Zero, TimeSpan.FromSeconds(1));

        time.Advance(TimeSpan.FromHours(1));

        Assert.True(timer.Change(TimeSpan.Zero, TimeSpan.Zero));
        Assert.False(fired);
    }
}
