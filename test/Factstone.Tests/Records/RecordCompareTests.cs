using Factstone.Tests.KeyValues;

namespace Factstone.Tests.Records;

/// <summary>Conditional writes of records: by version, by value, and only if there is none. A refusal is a value that has the actual record.</summary>
public sealed class RecordCompareTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_record_is_written_once_and_again_after_its_retraction()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);

        var receipt = Written(await readings.WriteNewAsync("cellar", new Reading(1), Cancellation));
        Assert.Equal(1, receipt.StreamVersion.Value);
        switch (await readings.WriteNewAsync("cellar", new Reading(2), Cancellation))
        {
            case RecordOutcome<Reading>.Conflict(var actual):
                Assert.Equal(new Reading(1), actual?.Value);
                Assert.Equal(1, actual?.Version.Value);
                break;
            default:
                Assert.Fail("There was a value.");
                break;
        }

        await readings.RetractAsync("cellar", Cancellation);
        Assert.Equal(3, Written(await readings.WriteNewAsync("cellar", new Reading(3), Cancellation)).StreamVersion.Value);
    }

    [Fact]
    public async Task A_record_is_replaced_only_at_the_version_that_was_read()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await readings.WriteAsync("cellar", new Reading(1), Cancellation);
        var read = (await readings.ReadAsync("cellar", Cancellation))!;

        Written(await readings.CompareAndWriteAsync("cellar", expected: read, new Reading(2), Cancellation));
        Assert.Equal(new Reading(2), Conflict(await readings.CompareAndWriteAsync("cellar", expected: read, new Reading(3), Cancellation))?.Value);
        Assert.Equal(new Reading(2), Conflict(await readings.CompareAndWriteAsync("cellar", 1, new Reading(3), Cancellation))?.Value);
        Assert.Equal(new Reading(2), Conflict(await readings.CompareAndWriteAsync("cellar", 9, new Reading(3), Cancellation))?.Value);
        Assert.Equal(new Reading(2), Conflict(await readings.CompareAndWriteAsync("cellar", StreamVersion.None, new Reading(3), Cancellation))?.Value);
        Written(await readings.CompareAndWriteAsync("cellar", 2, new Reading(4), Cancellation));
        Assert.Null(Conflict(await readings.CompareAndWriteAsync("attic", 1, new Reading(5), Cancellation)));
        Written(await readings.CompareAndWriteAsync("attic", StreamVersion.None, new Reading(6), Cancellation));

        Assert.Equal(4, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_conflict_with_many_versions_has_the_last_of_them()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        for (var i = 1; i <= FactLimits.ConflictFactsMax + 10; i++) await readings.WriteAsync("cellar", new Reading(i), Cancellation);

        var actual = Conflict(await readings.CompareAndWriteAsync("cellar", 1, new Reading(0), Cancellation));

        Assert.Equal(FactLimits.ConflictFactsMax + 10, actual?.Value.Celsius);
    }

    [Fact]
    public async Task A_record_is_retracted_only_at_the_version_that_was_read()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await readings.WriteAsync("cellar", new Reading(1), Cancellation);
        var read = (await readings.ReadAsync("cellar", Cancellation))!;
        await readings.WriteAsync("cellar", new Reading(2), Cancellation);

        Assert.Equal(new Reading(2), Conflict(await readings.CompareAndRetractAsync("cellar", expected: read, Cancellation))?.Value);
        Written(await readings.CompareAndRetractAsync("cellar", 2, Cancellation));
        Assert.Null(await readings.ReadAsync("cellar", Cancellation));

        // The last fact has version 3, and it is a retraction: there is nothing to retract or to compare with.
        Assert.Null(Conflict(await readings.CompareAndRetractAsync("cellar", 3, Cancellation)));
        Assert.Null(Conflict(await readings.CompareAndWriteAsync("cellar", 3, new Reading(4), Cancellation)));
        Assert.Null(Conflict(await readings.CompareAndWriteAsync("cellar", 2, new Reading(4), Cancellation)));
        Assert.Null(Conflict(await readings.CompareAndWriteAsync("cellar", expected: new Reading(2), new Reading(4), Cancellation)));
        Assert.Equal(3, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Theory]
    [InlineData("""{"celsius":9.5}""", true)]
    [InlineData("""{ "celsius" : 9.50 }""", true)]
    [InlineData("""{"celsius":95e-1}""", true)]
    [InlineData("""{"celsius":9.5,"note":null}""", true)]       // written before nulls were left out
    [InlineData("""{"celsius":9.5,"unit":"C"}""", true)]        // a member that the type does not have any more
    [InlineData("""{"celsius":9.5,"note":"damp"}""", false)]
    [InlineData("""{"celsius":9.6}""", false)]
    [InlineData("[9.5]", false)]
    [InlineData("null", false)]
    public async Task An_expected_value_is_compared_as_a_value_and_not_as_text(string stored, bool isSame)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await ledger.AppendAsync(Readings.Raw("cellar", stored), Cancellation);

        var outcome = await readings.CompareAndWriteAsync("cellar", expected: new Reading(9.5), new Reading(10), Cancellation);

        if (isSame) Assert.Equal(2, Written(outcome).StreamVersion.Value);
        else Assert.Equal(stored, Conflict(outcome)?.Fact.Json);
        Assert.Equal(isSame ? 2 : 1, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_value_that_does_not_fit_its_type_can_be_listed_and_replaced_by_version()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await ledger.AppendAsync(Readings.Raw("cellar", "\"warm\""), Cancellation);
        await readings.WriteAsync("room", new Reading(20), Cancellation);

        Assert.Equal(["cellar", "room"], await readings.ListAsync(cancellationToken: Cancellation).Select(static record => record.Key).ToListAsync(Cancellation));
        var read = (await readings.ReadAsync("cellar", Cancellation))!;
        var failure = Assert.Throws<FactValueException>(() => read.Value);
        Assert.Same(read.Fact, failure.Fact);
        Assert.StartsWith("Fact @1 readings/cellar v1 does not become a Factstone.Tests.Records.Reading: ", failure.Message, StringComparison.Ordinal);
        var actual = Conflict(await readings.CompareAndWriteAsync("cellar", 7, new Reading(1), Cancellation))!;
        Assert.Throws<FactValueException>(() => actual.Value);

        Written(await readings.CompareAndWriteAsync("cellar", expected: read, new Reading(2), Cancellation));
        Assert.Equal(new Reading(2), (await readings.ReadAsync("cellar", Cancellation))?.Value);
    }

    [Fact]
    public async Task Of_eight_callers_that_write_a_new_record_at_once_one_wins_and_the_others_see_it()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        for (var round = 0; round < 50; round++)
        {
            var key = $"room-{round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(caller =>
                Task.Run(async () => await readings.WriteNewAsync(key, new Reading(caller), Cancellation), Cancellation)));

            var winner = Array.FindIndex(outcomes, static outcome => outcome is RecordOutcome<Reading>.Written);
            Assert.Single(outcomes.OfType<RecordOutcome<Reading>.Written>());
            Assert.All(outcomes.OfType<RecordOutcome<Reading>.Conflict>(), conflict => Assert.Equal(new Reading(winner), conflict.Actual?.Value));
            Assert.Single(await readings.ReadHistoryAsync(key, cancellationToken: Cancellation).ToListAsync(Cancellation));
        }
    }

    // Each conflict has the actual record, so a caller needs no second read to try again.
    [Fact]
    public async Task Eight_callers_that_add_by_version_and_by_value_lose_nothing()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counts = ledger.Records(Readings.Counts);
        await counts.WriteAsync("visits", 0, Cancellation);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var actual = await counts.ReadAsync("visits", Cancellation);
                while (await Add(actual!, caller) is RecordOutcome<long>.Conflict conflict) actual = conflict.Actual;
            }
        }, Cancellation)));

        Assert.Equal(400, (await counts.ReadAsync("visits", Cancellation))?.Value);
        Assert.Equal(401, (await ledger.GetHeadAsync(Cancellation)).Value);

        async Task<RecordOutcome<long>> Add(Record<long> actual, int caller) => caller % 2 == 0
            ? await counts.CompareAndWriteAsync("visits", expected: actual, actual.Value + 1, Cancellation)
            : await counts.CompareAndWriteAsync("visits", expected: actual.Value, actual.Value + 1, Cancellation);
    }

    // The stored JSON has a member that the type does not have, so the condition on the value fails, and the one on the version takes its place.
    [Fact]
    public async Task A_write_by_value_is_tried_again_when_the_same_value_was_written_anew()
    {
        const string Stored = """{"celsius":9.5,"unit":"C"}""";
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(Readings.Raw("cellar", Stored), Cancellation);
        var writes = 0;
        var interrupted = InterruptedLedger.Create(ledger, () =>
        {
            if (writes-- > 0) Wait(ledger.AppendAsync(Readings.Raw("cellar", Stored), Cancellation));
        }).Records(Readings.Store);

        writes = 19;
        Assert.Equal(21, Written(await interrupted.CompareAndWriteAsync("cellar", expected: new Reading(9.5), new Reading(10), Cancellation)).StreamVersion.Value);

        await ledger.AppendAsync(Readings.Raw("cellar", Stored), Cancellation);
        writes = 20;
        var failure = await Assert.ThrowsAsync<TooManyConflictsException>(async () => await interrupted.CompareAndWriteAsync("cellar", expected: new Reading(9.5), new Reading(10), Cancellation));
        Assert.Equal("Nothing was written: each of 20 attempts to change record readings/cellar met a write by another caller. Try again, or let fewer callers change it at once.", failure.Message);
        Assert.Equal(Stored, (await ledger.ReadLatestAsync("readings/cellar", cancellationToken: Cancellation))?.Json);
    }

    static T Wait<T>(ValueTask<T> call) => call.AsTask().GetAwaiter().GetResult();

    static AppendReceipt Written<T>(RecordOutcome<T> outcome) where T : notnull => Assert.IsType<RecordOutcome<T>.Written>(outcome).Receipt;

    static Record<T>? Conflict<T>(RecordOutcome<T> outcome) where T : notnull => Assert.IsType<RecordOutcome<T>.Conflict>(outcome).Actual;
}
