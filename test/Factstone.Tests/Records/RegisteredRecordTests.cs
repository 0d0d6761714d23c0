using Factstone.Tests.Types;

namespace Factstone.Tests.Records;

/// <summary>Stores that are registered in the options of the ledger: their facts have a value on every read path.</summary>
public sealed class RegisteredRecordTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static LedgerOptions Registered => new() { Records = [Readings.Store, Readings.Counts] };

    [Fact]
    public async Task A_fact_without_a_type_has_the_value_of_its_store_on_every_read()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(Registered, Cancellation);
        await ledger.AppendAsync(Readings.Raw("cellar", """{"celsius":9.5}"""), Cancellation);
        var expected = new Reading(9.5);

        Assert.Equal(expected, (await ledger.ReadLatestAsync("readings/cellar", cancellationToken: Cancellation))!.Value);
        Assert.Equal(expected, (await ledger.ReadAtAsync(new Position(1), Cancellation))!.Value);
        Assert.Equal(expected, (await ledger.ReadAsync(cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.ReadAsync(FactQuery.Store("readings"), cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.ReadStreamAsync("readings/cellar", cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.ListAsync("readings", cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.AsOf(new Position(1)).ReadLatestAsync("readings/cellar", cancellationToken: Cancellation))!.Value);
        Assert.Equal(expected, await ledger.FoldAsync<object?>(null, static (ref value, in fact) =>
        {
            value = fact.ToFact().Value;
            return true;
        }, cancellationToken: Cancellation));
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(
            new AppendRequest(Readings.Raw("cellar", "{}")) { Conditions = [Readings.Store.RecordMissing("cellar")] }, Cancellation));
        Assert.Equal(expected, Assert.Single(conflict.Facts).Value);
        await foreach (var fact in ledger.FollowAsync(cancellationToken: Cancellation))
        {
            Assert.Equal(expected, fact.Value);
            Assert.Same(fact.Value, fact.Value);
            break;
        }
    }

    [Fact]
    public async Task A_type_comes_before_the_store_and_what_is_no_value_has_none()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(Registered with { Types = ShopTypes.All }, Cancellation);
        await ledger.AppendAsync(new NewFact("readings/1", "order-placed", """{"customer":"Ada","total":1}"""), Cancellation);
        await ledger.AppendAsync(new NewFact("readings/1", "of-another-program", """{"celsius":1}"""), Cancellation);
        await ledger.AppendAsync(NewFact.Retraction("readings/1") with { Payload = """{"celsius":2}"""u8.ToArray() }, Cancellation);
        await ledger.AppendAsync(NewFact.WithoutPayload("readings/1", type: null), Cancellation);
        await ledger.AppendAsync(new NewFact("readings/1", null, new byte[] { 1 }) { ContentType = "image/png" }, Cancellation);
        await ledger.AppendAsync(new NewFact("others/1", null, """{"celsius":3}"""), Cancellation);
        await ledger.AppendAsync(new NewFact("counts/1", null, "7"), Cancellation);

        var values = await ledger.ReadAsync(cancellationToken: Cancellation).Select(static fact => fact.Value).ToListAsync(Cancellation);

        Assert.Equal([new OrderPlaced("Ada", 1), null, null, null, null, null, 7L], values);
    }

    [Theory]
    [InlineData("\"warm\"", "could not be converted")]
    [InlineData("null", "it is null")]
    public async Task A_payload_that_does_not_fit_its_store_names_its_fact(string json, string why)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(Registered, Cancellation);
        await ledger.AppendAsync(Readings.Raw("cellar", json), Cancellation);
        var fact = await ledger.ReadAsync(cancellationToken: Cancellation).SingleAsync(Cancellation);

        var failure = Assert.Throws<FactValueException>(() => fact.Value);

        Assert.Same(fact, failure.Fact);
        Assert.StartsWith("Fact @1 readings/cellar v1 does not become a Factstone.Tests.Records.Reading: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.Equal(json, fact.Json);
    }

    [Fact]
    public async Task A_record_whose_fact_has_a_type_is_read_only_if_that_type_is_registered_for_its_values()
    {
        var measured = new FactTypes(ReadingJson.Default).Add<Reading>("measured");
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = measured }, Cancellation);
        await using var without = await Ledger.OpenInMemoryAsync(Registered, Cancellation);
        foreach (var one in new[] { ledger, without }) await one.AppendAsync(new NewFact("readings/cellar", "measured", """{"celsius":9.5}"""), Cancellation);

        Assert.Equal(new Reading(9.5), (await ledger.Records(Readings.Store).ReadAsync("cellar", Cancellation))?.Value);
        var record = await without.Records(Readings.Store).ReadAsync("cellar", Cancellation);
        Assert.Contains("it has the type 'measured'", Assert.Throws<FactValueException>(() => record!.Value).Message, StringComparison.Ordinal);
        Assert.Contains("FactTypes.Add<Reading>(\"measured\")", Assert.Throws<FactValueException>(() => record!.Value).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fact_that_is_no_json_or_of_a_newer_schema_is_no_value_of_a_record()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(new NewFact("readings/picture", null, new byte[] { 1 }) { ContentType = "image/png" }, Cancellation);
        await ledger.AppendAsync(NewFact.WithoutPayload("readings/empty", type: null), Cancellation);
        await ledger.AppendAsync(Readings.Raw("newer", """{"celsius":9.5}""") with { SchemaVersion = 2 }, Cancellation);
        var readings = ledger.Records(Readings.Store);

        await Refused("picture", "its content type is image/png");
        await Refused("empty", "it is empty");
        await Refused("newer", "it has schema version 2");

        async Task Refused(string key, string why)
        {
            var record = await readings.ReadAsync(key, Cancellation);
            Assert.Contains(why, Assert.Throws<FactValueException>(() => record!.Value).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_store_that_is_registered_twice_or_missing_is_refused_and_nothing_is_opened()
    {
        var twice = await Assert.ThrowsAsync<ArgumentException>(async () =>
            await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [Readings.Store, new RecordStore<long>("readings", ReadingJson.Default.Int64)] }, Cancellation));
        Assert.Contains("The store 'readings' is in Records twice", twice.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [null!] }, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = null! }, Cancellation));

        var directory = Path.Combine(Path.GetTempPath(), $"factstone-{Guid.NewGuid():N}");
        await Assert.ThrowsAsync<ArgumentException>(async () => await Ledger.OpenAsync(directory, new LedgerOptions { Records = [Readings.Store, Readings.Store] }, Cancellation));
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task A_list_of_stores_that_changes_after_the_open_changes_nothing()
    {
        List<RecordStore> stores = [Readings.Store];
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = stores }, Cancellation);
        stores.Clear();
        await ledger.AppendAsync(Readings.Raw("cellar", """{"celsius":9.5}"""), Cancellation);

        Assert.Equal(new Reading(9.5), (await ledger.ReadAtAsync(new Position(1), Cancellation))!.Value);
    }
}
