using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Reading;

/// <summary>A bounded read of a stream is refused only where damage may change its answer, and never leaves a fact out in silence.</summary>
public sealed class StreamQueryDamageTests
{
    /// <summary>The versions of orders/1 and their positions: 1 at 1, 2 at 4, 3 at 5, 4 at 10. Appends end at positions 4, 8 and 12, one second apart.</summary>
    const string Stream = "orders/1";

    static CancellationToken Now => TestContext.Current.CancellationToken;

    static DateTimeOffset At(int append) => SmallLedger.Begin.AddSeconds(append);

    [Fact]
    public async Task A_range_that_ends_before_the_damaged_fact_is_read()
    {
        using var ledger = WithDamage(position: 5, isHeaderLost: false);

        await IsReadAsync(ledger, "1 2", new StreamReadOptions { Through = 2 });
        await IsReadAsync(ledger, "1 2", new StreamReadOptions { RecordedThrough = At(1) });
        await IsReadAsync(ledger, "4", new StreamReadOptions { From = 4 });
        await IsReadAsync(ledger, "4", new StreamReadOptions { Through = 4, Backward = true });
        await IsReadAsync(ledger, "4", new StreamReadOptions { RecordedFrom = At(3) });
        await IsReadAsync(ledger, "4", new StreamReadOptions { RecordedFrom = At(3), Backward = true });
        await IsRefusedAsync(ledger, new StreamReadOptions { Through = 3 });
        await IsRefusedAsync(ledger, new StreamReadOptions { From = 4, Through = 3, Backward = true });
        await IsRefusedAsync(ledger, new StreamReadOptions { RecordedFrom = At(2), RecordedThrough = At(2) });
    }

    [Fact]
    public async Task A_lost_header_is_refused_where_it_may_be_of_the_stream()
    {
        using var ledger = WithDamage(position: 7, isHeaderLost: true); // tasks/b, but nobody knows that any more

        await IsReadAsync(ledger, "1 2", new StreamReadOptions { RecordedThrough = At(1) });
        await IsReadAsync(ledger, "1 2 3", new StreamReadOptions { Through = 3 });
        await IsReadAsync(ledger, "4", new StreamReadOptions { RecordedFrom = At(3) });
        await IsReadAsync(ledger, "4", new StreamReadOptions { RecordedFrom = At(3), Backward = true, Types = ["sent"] });
        await IsReadAsync(ledger, "1", new StreamReadOptions { RecordedThrough = At(1), Types = ["placed"] });
        await IsRefusedAsync(ledger, new StreamReadOptions { RecordedThrough = At(2) });
        await IsRefusedAsync(ledger, new StreamReadOptions { Types = ["placed"] });
        await Assert.ThrowsAsync<LedgerDamagedException>(async () => await ledger.CountStreamAsync(Stream, new StreamReadOptions { RecordedThrough = At(2) }, Now));
    }

    [Fact]
    public async Task Lost_versions_are_left_out_after_a_repair()
    {
        var files = SmallLedger.ClosedCleanly();
        Repair.DamageFact(files, new Position(5), isHeaderLost: false);
        Assert.Equal(1, Repair.Run(files).FactsLost);
        using var ledger = SmallLedger.Open(files);

        await IsReadAsync(ledger, "1 2", new StreamReadOptions { Through = 3 });
        await IsReadAsync(ledger, "4", new StreamReadOptions { From = 3 });
        await IsReadAsync(ledger, "4", new StreamReadOptions { From = 3, Types = ["sent", "noted"] });
        await IsReadAsync(ledger, "2 1", new StreamReadOptions { From = 3, Backward = true });
        await IsReadAsync(ledger, "2", new StreamReadOptions { From = 3, Backward = true, Types = ["paid", "noted"] });
        await IsReadAsync(ledger, "", new StreamReadOptions { RecordedFrom = At(2), RecordedThrough = At(2) });
        await IsReadAsync(ledger, "", new StreamReadOptions { From = 3, Through = 3 });
    }

    static async Task IsReadAsync(Ledger ledger, string versions, StreamReadOptions options)
    {
        var read = await ledger.ReadStreamAsync(Stream, options, Now).Select(static fact => fact.StreamVersion).ToListAsync(Now);
        Assert.Equal(versions, string.Join(' ', read));
        Assert.Equal(read.Count, await ledger.FoldStreamAsync(Stream, 0, static (ref count, in _) => ++count > 0, options, Now));
        Assert.Equal(read.Count, await ledger.CountStreamAsync(Stream, options, Now));
    }

    static async Task IsRefusedAsync(Ledger ledger, StreamReadOptions options)
    {
        await Assert.ThrowsAsync<LedgerDamagedException>(async () => await ledger.ReadStreamAsync(Stream, options, Now).ToListAsync(Now));
        await Assert.ThrowsAsync<LedgerDamagedException>(async () => await ledger.FoldStreamAsync(Stream, 0, static (ref count, in _) => ++count > 0, options, Now));
    }

    static Ledger WithDamage(long position, bool isHeaderLost)
    {
        var files = SmallLedger.WithoutIndex(SmallLedger.ClosedCleanly());
        Repair.DamageFact(files, new Position(position), isHeaderLost);
        return SmallLedger.Open(files);
    }
}
