using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Time;

/// <summary>If facts may still appear behind the head, an answer "recorded by" a time there is not final.</summary>
public sealed class UnsettledTimeTests
{
    // The sync of an append failed, and so did its rewrite, so its outcome was unknown. A read as of that time returned "nothing" as a
    // final answer. The next open found the append whole, recorded at that time.
    [Fact]
    public void What_an_unknown_append_was_recorded_by_is_not_final()
    {
        var files = new MemoryFileSystem();
        var watched = new WatchedFiles(files);
        var options = SmallLedger.Options(watched);
        LedgerTime then;
        using (var ledger = SmallLedger.Open(options))
        {
            SmallLedger.AppendOne(ledger);
            ((ManualTimeProvider)options.TimeProvider).Advance(TimeSpan.FromSeconds(1));
            then = LedgerTime.RecordedBy(options.TimeProvider.GetUtcNow());
            watched.Syncing = path => throw new LedgerIOException(path, "sync", "Input/output error");
            Assert.IsType<AppendOutcome.Unknown>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("orders/9", "paid")))));

            Assert.Equal(new ResolvedTime(new Position(1), IsFinal: false), SmallLedger.Now(ledger.ResolveAsync(then)));
            Assert.True(SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(SmallLedger.Begin))).IsFinal);
        }

        watched.Syncing = null;
        using var again = SmallLedger.Open(options with { Scheduler = new InlineScheduler() });
        Assert.Equal(new ResolvedTime(new Position(2), IsFinal: true), SmallLedger.Now(again.ResolveAsync(then)));
    }

    // A killed ledger was opened on a full disk and showed what had been published. The facts behind HEAD appeared with the first append
    // that found room. Their times were earlier than those of answers marked as final.
    [Fact]
    public void What_waits_for_room_to_be_recovered_makes_answers_not_final()
    {
        var files = SmallLedger.Killed();
        var facts = SmallLedger.FactsOf(files);
        files.Replace($"{SmallLedger.Root}/HEAD", []); // as after a power cut that came before it reached the disk
        files.CapacityBytes = files.UsedBytes + 4_096;
        var then = LedgerTime.RecordedBy(facts[^1].RecordedAt);
        using var ledger = SmallLedger.Open(files);
        Assert.True(ledger.Opening.RecoveryIsPending);
        Assert.Equal(8, ledger.Storage.Head.Position.Value);

        Assert.Equal(new ResolvedTime(new Position(8), IsFinal: false), SmallLedger.Now(ledger.ResolveAsync(then)));

        files.CapacityBytes = long.MaxValue;
        SmallLedger.AppendOne(ledger);
        Assert.Equal(new ResolvedTime(new Position(12), IsFinal: true), SmallLedger.Now(ledger.ResolveAsync(then)));
    }
}
