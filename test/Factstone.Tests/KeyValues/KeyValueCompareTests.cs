namespace Factstone.Tests.KeyValues;

/// <summary>Conditional writes of entries. A refusal is a value that has the actual entry.</summary>
public sealed class KeyValueCompareTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lease_is_taken_renewed_and_lost()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        var mine = new Lease("me", 30);

        switch (await leases.PutNewAsync("nightly", mine, Cancellation))
        {
            case KeyValueOutcome<Lease>.Stored(var entry):
                var renewed = Stored(await leases.CompareAndSwapAsync("nightly", expected: entry, mine with { Seconds = 60 }, Cancellation));
                Assert.Equal((2L, 60), (renewed.Version.Value, renewed.Value.Seconds));
                Assert.Equal(60, Conflict(await leases.CompareAndSwapAsync("nightly", expected: entry, mine, Cancellation))?.Value.Seconds);
                break;
            default:
                Assert.Fail("Nobody else has the lease.");
                break;
        }

        switch (await leases.PutNewAsync("nightly", new Lease("you", 30), Cancellation))
        {
            case KeyValueOutcome<Lease>.Conflict(var actual):
                Assert.Equal(("me", 60), (actual?.Value.Owner, actual?.Value.Seconds));
                break;
            default:
                Assert.Fail("The lease is taken.");
                break;
        }
    }

    [Fact]
    public async Task An_entry_is_swapped_and_deleted_only_at_the_expected_version()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        var first = await counters.PutAsync("runs", 1, Cancellation);
        var second = Stored(await counters.CompareAndSwapAsync("runs", first.Version, 2, Cancellation));

        Assert.Equal(2, Conflict(await counters.CompareAndSwapAsync("runs", first.Version, 3, Cancellation))?.Value);
        Assert.Equal(2, Conflict(await counters.CompareAndSwapAsync("runs", CellVersion.None, 3, Cancellation))?.Value);
        Assert.Equal(2, Conflict(await counters.CompareAndDeleteAsync("runs", expected: first, Cancellation))?.Value);
        Assert.Equal(3, Assert.IsType<KeyValueOutcome<long>.Deleted>(await counters.CompareAndDeleteAsync("runs", expected: second, Cancellation)).Version.Value);

        // The delete has version 3, and there is no value to compare with.
        Assert.Null(Conflict(await counters.CompareAndDeleteAsync("runs", expected: second, Cancellation)));
        Assert.Null(Conflict(await counters.CompareAndSwapAsync("runs", new CellVersion(3), 4, Cancellation)));
        Assert.Null(Conflict(await counters.CompareAndSwapAsync("runs", expected: 2L, 4, Cancellation)));
        Assert.Equal(4, Stored(await counters.CompareAndSwapAsync("runs", CellVersion.None, 4, Cancellation)).Version.Value);
        await counters.DeleteAsync("runs", Cancellation);
        Assert.Equal(6, Stored(await counters.PutNewAsync("runs", 5, Cancellation)).Version.Value);
    }

    // Two amounts that are the same double were taken for the same value, and a swap replaced an amount that its caller had not seen.
    [Fact]
    public async Task Numbers_of_an_expected_value_are_compared_exactly_however_they_are_spelled()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var amounts = ledger.KeyValue("amounts", LeaseJson.Default.Decimal);
        await amounts.PutAsync("a", 12345678901234567.89m, Cancellation);
        Assert.Equal(12345678901234567.89m, Conflict(await amounts.CompareAndSwapAsync("a", expected: 12345678901234567.90m, 1, Cancellation))?.Value);
        Assert.Equal(AppendConditionKind.CellEquals, (await amounts.CellEqualsAsync("a", 12345678901234567.90m, Cancellation)).Kind);
        Stored(await amounts.CompareAndSwapAsync("a", expected: 12345678901234567.890m, 1, Cancellation));

        foreach (var spelled in new[] { "0.5", "5e-1", "0.50", "500E-3" })
        {
            await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("amounts", "a", spelled)] }, Cancellation);
            Stored(await amounts.CompareAndSwapAsync("a", expected: 0.5m, 1, Cancellation));
        }

        // What is the same double is the same value for a program that reads doubles.
        var measures = ledger.KeyValue("measures", LeaseJson.Default.Double);
        foreach (var spelled in new[] { "0.1", "0.1000000000000000055", "1e-1" })
        {
            await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("measures", "a", spelled)] }, Cancellation);
            Stored(await measures.CompareAndSwapAsync("a", expected: 0.1, 1, Cancellation));
        }

        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("measures", "a", "1e-99999999999999999999")] }, Cancellation);
        Stored(await measures.CompareAndSwapAsync("a", expected: 0, 1, Cancellation));
    }

    // The stored bytes may come from an earlier version of the program or from the command line.
    [Theory]
    [InlineData("""{"owner":"me","seconds":30}""", true)]
    [InlineData("""{ "seconds" : 30, "owner" : "\u006de" }""", true)]
    [InlineData("""{"owner":"me","seconds":30,"note":null}""", true)]   // written before nulls were left out
    [InlineData("""{"owner":"me","seconds":30,"host":"h"}""", true)]    // a member that the type does not have any more
    [InlineData("""{"owner":"me","seconds":30,"note":"n"}""", false)]
    [InlineData("""{"owner":"you","seconds":30}""", false)]
    [InlineData("not JSON", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public async Task An_expected_value_is_compared_as_a_value_and_not_as_bytes(string stored, bool isSame)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("leases", "nightly", stored), NewCell.Put("leases", "other", stored)] }, Cancellation);
        var (expected, next) = (new Lease("me", 30), new Lease("me", 60));

        var condition = await leases.CellEqualsAsync("other", expected, Cancellation);
        var appended = await ledger.TryAppendAsync(new AppendRequest { Cells = [leases.NewValue("other", next)], Conditions = [condition] }, Cancellation);
        var outcome = await leases.CompareAndSwapAsync("nightly", expected, next, Cancellation);

        if (isSame) Assert.Equal(next, Stored(outcome).Value);
        else Assert.Equal(1, Conflict(outcome)?.Version.Value);
        Assert.Equal(isSame, appended is AppendOutcome.Committed);
        Assert.Equal(isSame ? """{"owner":"me","seconds":60}""" : stored, (await ledger.ReadCellAsync("leases", "nightly", Cancellation))?.Text);
    }

    [Fact]
    public async Task A_condition_on_a_value_that_comes_later_holds_for_its_exact_bytes()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        var condition = await counters.CellEqualsAsync("runs", 1, Cancellation);
        var request = new AppendRequest { Cells = [counters.NewValue("runs", 2)], Conditions = [condition] };

        Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(request, Cancellation));
        await counters.PutAsync("runs", 1, Cancellation);
        Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(request, Cancellation));
    }

    // The value is the expected one all the time, so there is no conflict that a caller could do anything about.
    [Fact]
    public async Task A_swap_by_value_is_tried_again_when_the_same_value_was_written_anew()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        await counters.PutAsync("runs", 1, Cancellation);
        var writes = 0;
        var interrupted = InterruptedLedger.Create(ledger, () =>
        {
            if (writes-- > 0) Wait(counters.PutAsync("runs", 1, Cancellation));
        }).KeyValue("counters", LeaseJson.Default.Int64);

        writes = 19;
        Assert.Equal(21, Stored(await interrupted.CompareAndSwapAsync("runs", expected: 1L, 2, Cancellation)).Version.Value);

        await counters.PutAsync("runs", 1, Cancellation);
        writes = 20;
        var failure = await Assert.ThrowsAsync<TooManyConflictsException>(async () => await interrupted.CompareAndSwapAsync("runs", expected: 1L, 2, Cancellation));
        Assert.Equal(20, failure.Attempts);
        Assert.Equal(1, (await counters.GetAsync("runs", Cancellation))?.Value);
    }

    static T Wait<T>(ValueTask<T> call) => call.AsTask().GetAwaiter().GetResult();

    static KeyValueEntry<T> Stored<T>(KeyValueOutcome<T> outcome) where T : notnull => Assert.IsType<KeyValueOutcome<T>.Stored>(outcome).Entry;

    static KeyValueEntry<T>? Conflict<T>(KeyValueOutcome<T> outcome) where T : notnull => Assert.IsType<KeyValueOutcome<T>.Conflict>(outcome).Actual;
}
