namespace Factstone.Tests.Records;

/// <summary>Input that cannot be meant is refused by each member, with a message that says why, and nothing is written.</summary>
public sealed class RecordInputTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("$own", "is reserved")]
    [InlineData("a/b", "contains a '/'")]
    [InlineData("..", "does not mean a directory")]
    [InlineData("a\nb", "control character U+000A")]
    public void A_store_that_cannot_exist_is_refused_when_it_is_defined(string name, string why) =>
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => new RecordStore<Reading>(name, ReadingJson.Default.Reading)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_definition_needs_a_name_of_bounded_length_and_its_json()
    {
        Assert.Contains("129 bytes", Assert.Throws<ArgumentException>(() => new RecordStore<Reading>(new string('x', 129), ReadingJson.Default.Reading)).Message, StringComparison.Ordinal);
        // An attribute cannot contain it.
        Assert.Contains("half of a surrogate pair", Assert.Throws<ArgumentException>(() => new RecordStore<Reading>("\ud800", ReadingJson.Default.Reading)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new RecordStore<Reading>(null!, ReadingJson.Default.Reading));
        Assert.Throws<ArgumentNullException>(() => new RecordStore<Reading>("readings", null!));
        Assert.Equal("readings", Readings.Store.ToString());
    }

    [Fact]
    public async Task A_key_that_no_record_can_have_is_refused_by_every_member()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        var value = new Reading(1);
        await readings.WriteAsync("cellar", value, Cancellation);
        var read = (await readings.ReadAsync("cellar", Cancellation))!;
        Func<string, Task>[] members =
        [
            async key => await readings.ReadAsync(key, Cancellation),
            async key => await readings.AsOf(new Position(1)).ReadAsync(key, Cancellation),
            async key => await readings.ReadHistoryAsync(key, cancellationToken: Cancellation).ToListAsync(Cancellation),
            async key => await readings.WriteAsync(key, value, Cancellation),
            async key => await readings.WriteNewAsync(key, value, Cancellation),
            async key => await readings.CompareAndWriteAsync(key, 1, value, Cancellation),
            async key => await readings.CompareAndWriteAsync(key, read, value, Cancellation),
            async key => await readings.CompareAndWriteAsync(key, value, value, Cancellation),
            async key => await readings.RetractAsync(key, Cancellation),
            async key => await readings.CompareAndRetractAsync(key, 1, Cancellation),
            async key => await readings.CompareAndRetractAsync(key, read, Cancellation),
            key => Task.FromResult(Readings.Store.StreamOf(key)),
            key => Task.FromResult(Readings.Store.NewValue(key, value)),
            key => Task.FromResult(Readings.Store.NewRetraction(key)),
            key => Task.FromResult(Readings.Store.RecordAt(key, 1)),
            key => Task.FromResult(Readings.Store.RecordMissing(key)),
            key => Task.FromResult(Readings.Store.RecordEquals(key, value)),
        ];

        foreach (var member in members)
        {
            await Assert.ThrowsAsync<ArgumentNullException>("key", async () => await member(null!));
            await Refused(member, new string('k', 1_025), "1,025 bytes");
            await Refused(member, "a\tb", "control character U+0009");
            await Refused(member, "\udc00", "half of a surrogate pair");
        }

        await readings.WriteAsync(new string('k', 1_024), value, Cancellation);
        Assert.Equal(2, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_page_that_cannot_be_meant_is_refused_by_the_call_itself()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);

        Assert.Throws<ArgumentOutOfRangeException>(() => readings.ReadHistoryAsync("cellar", new StreamReadOptions { Limit = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => readings.ReadHistoryAsync("cellar", new StreamReadOptions { From = -1 }));
        foreach (var list in new Action<ListOptions>[] { options => readings.ListAsync(options), options => readings.ListKeysAsync(options) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => list(new ListOptions { Limit = -1 }));
            Assert.Throws<ArgumentNullException>(() => list(new ListOptions { Prefix = null! }));
            Assert.Throws<ArgumentException>(() => list(new ListOptions { Prefix = new string('k', 1_025) }));
            Assert.Throws<ArgumentException>(() => list(new ListOptions { Prefix = "a\0" }));
            Assert.Throws<ArgumentException>(() => list(new ListOptions { After = new string('k', 1_025) }));
        }
    }

    [Fact]
    public async Task A_value_or_an_expectation_that_cannot_be_meant_is_refused_and_nothing_is_written()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        var loops = ledger.Records(Readings.Loops);
        await readings.WriteAsync("cellar", new Reading(1), Cancellation);
        var cellar = (await readings.ReadAsync("cellar", Cancellation))!;
        var loop = new Loop();
        loop.Next = loop;

        await Assert.ThrowsAsync<ArgumentNullException>("value", async () => await readings.WriteAsync("cellar", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("value", async () => await readings.WriteNewAsync("attic", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await readings.CompareAndWriteAsync("cellar", (Reading)null!, new Reading(2), Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await readings.CompareAndWriteAsync("cellar", (Record<Reading>)null!, new Reading(2), Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await readings.CompareAndRetractAsync("cellar", null!, Cancellation));
        await Refused(async _ => await readings.CompareAndWriteAsync("attic", cellar, new Reading(2), Cancellation), "", "The expected record is readings/cellar, and the one to change is readings/attic");
        await Refused(async _ => await readings.CompareAndRetractAsync("attic", cellar, Cancellation), "", "The expected record is readings/cellar");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("expectedVersion", async () => await readings.CompareAndWriteAsync("cellar", -1, new Reading(2), Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("expectedVersion", async () => await readings.CompareAndRetractAsync("cellar", 0, Cancellation));
        Assert.Contains("cannot be written as JSON to record loops/a", (await Assert.ThrowsAsync<FactTypesException>(async () => await loops.WriteAsync("a", loop, Cancellation))).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be written as JSON", (await Assert.ThrowsAsync<FactTypesException>(async () => await readings.WriteAsync("a", new Reading(double.NaN), Cancellation))).Message, StringComparison.Ordinal);
        await Refused(async _ => await readings.WriteAsync("a", new Reading(1, new string('x', FactLimits.PayloadBytesMax)), Cancellation), "", "at most 4,194,304 are possible");
        Assert.Throws<ArgumentNullException>(() => ledger.Records<Reading>(null!));
        Assert.Throws<ArgumentNullException>(() => ((ILedger)null!).Records(Readings.Store));

        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    static async Task Refused(Func<string, Task> act, string key, string why) =>
        Assert.Contains(why, (await Assert.ThrowsAsync<ArgumentException>(async () => await act(key))).Message, StringComparison.Ordinal);
}
