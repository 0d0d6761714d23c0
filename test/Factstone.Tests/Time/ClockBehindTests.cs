using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Time;

public sealed class ClockBehindTests
{
    static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    // One run of the command line had a clock that was two hours ahead. For two hours,
    // all later facts were recorded microseconds after its last one, without a warning.
    [Theory]
    [InlineData(7_200, true)]
    [InlineData(61, true)]
    [InlineData(60, false)]
    [InlineData(0, false)]
    [InlineData(-3_600, false)]
    public void An_open_that_finds_the_clock_more_than_a_minute_behind_says_so(int secondsBehind, bool isTold)
    {
        var files = new MemoryFileSystem();
        var last = Noon + TimeSpan.FromSeconds(secondsBehind);
        using (var ahead = SmallLedger.Open(SmallLedger.Options(files, last))) SmallLedger.AppendOne(ahead);

        var notices = new List<LedgerNotice>();
        var options = SmallLedger.Options(files, Noon) with { Notice = notices.Add };
        using (var ledger = SmallLedger.Open(options))
        {
            Assert.Equal(TimeSpan.FromSeconds(Math.Max(0, secondsBehind)), ledger.Opening.ClockLag);
            if (isTold) Assert.Equal(new LedgerNotice.ClockBehind(TimeSpan.FromSeconds(secondsBehind), last, Noon), Assert.Single(notices));
            else Assert.Empty(notices);
        }

        using var reader = Ledger.Open(FileStorage.OpenReadOnly(files, SmallLedger.Root, options.ToStorageOptions()), options);
        Assert.Equal(isTold ? 1 : 0, notices.Count); // only whoever records new facts is concerned
    }

    [Fact]
    public void The_notice_says_the_distance_and_what_it_means()
    {
        var files = new MemoryFileSystem();
        using (var ahead = SmallLedger.Open(SmallLedger.Options(files, Noon + TimeSpan.FromDays(400) + TimeSpan.FromSeconds(5)))) SmallLedger.AppendOne(ahead);
        var notices = new List<LedgerNotice>();
        var options = SmallLedger.Options(files, Noon) with { Notice = notices.Add };
        using var ledger = SmallLedger.Open(options);
        var text = Assert.Single(notices).ToString();
        Assert.Contains("400 d 00:00:05 behind", text, StringComparison.Ordinal);
        Assert.Contains("microseconds after", text, StringComparison.Ordinal);
        Assert.Equal(ledger.ClockLag, ledger.Opening.ClockLag);

        ((ManualTimeProvider)options.TimeProvider).Advance(TimeSpan.FromDays(401));
        ledger.AcceptClock();
        Assert.Equal(TimeSpan.Zero, ledger.ClockLag);
    }
}
