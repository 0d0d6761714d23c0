namespace Factstone.Tests.KeyValues;

/// <summary>Input that cannot be meant is refused by each member, with a message that says why, and nothing is written.</summary>
public sealed class KeyValueInputTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("$own", "is reserved")]
    [InlineData("a/b", "contains a '/'")]
    [InlineData(".", "does not mean a directory")]
    [InlineData("a\u0001b", "control character U+0001")]
    [InlineData("a\u0085", "control character U+0085")]
    public async Task A_bucket_that_cannot_exist_is_refused_when_it_is_opened(string bucket, string why)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);

        Assert.Contains(why, Assert.Throws<ArgumentException>(() => ledger.KeyValue(bucket, LeaseJson.Default.Lease)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_value_needs_a_ledger_a_bucket_of_bounded_length_and_its_json()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);

        Assert.Contains("129 bytes", Assert.Throws<ArgumentException>(() => ledger.KeyValue(new string('b', 129), LeaseJson.Default.Lease)).Message, StringComparison.Ordinal);
        // An attribute cannot contain it.
        Assert.Contains("half of a surrogate pair", Assert.Throws<ArgumentException>(() => ledger.KeyValue("\ud800", LeaseJson.Default.Lease)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => ledger.KeyValue(null!, LeaseJson.Default.Lease));
        Assert.Throws<ArgumentNullException>(() => ledger.KeyValue<Lease>("leases", null!));
        Assert.Throws<ArgumentNullException>(() => ((ILedger)null!).KeyValue("leases", LeaseJson.Default.Lease));
    }

    [Fact]
    public async Task A_name_that_no_entry_can_have_is_refused_by_every_member()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        var value = new Lease("me", 1);
        var stored = await leases.PutAsync("a", value, Cancellation);
        Func<string, Task>[] members =
        [
            async name => await leases.GetAsync(name, Cancellation),
            async name => await leases.GetValueOrDefaultAsync(name, value, Cancellation),
            async name => await leases.HasAsync(name, Cancellation),
            async name => await leases.PutAsync(name, value, Cancellation),
            async name => await leases.PutNewAsync(name, value, Cancellation),
            async name => await leases.DeleteAsync(name, Cancellation),
            async name => await leases.CompareAndDeleteAsync(name, stored, Cancellation),
            async name => await leases.CompareAndSwapAsync(name, stored, value, Cancellation),
            async name => await leases.CompareAndSwapAsync(name, 1, value, Cancellation),
            async name => await leases.CompareAndSwapAsync(name, value, value, Cancellation),
            async name => await leases.UpdateAsync(name, value, static one => one, cancellationToken: Cancellation),
            async name => await leases.CellEqualsAsync(name, value, Cancellation),
            name => Task.FromResult(leases.NewValue(name, value)),
            name => Task.FromResult(leases.NewDelete(name)),
            name => Task.FromResult(leases.CellAt(name, 1)),
            name => Task.FromResult(leases.CellAbsent(name)),
        ];

        foreach (var member in members)
        {
            await Assert.ThrowsAsync<ArgumentNullException>("name", async () => await member(null!));
            await Refused(() => member(new string('n', 1_025)), "1,025 bytes");
            await Refused(() => member("a\rb"), "control character U+000D");
            await Refused(() => member("\udc00"), "half of a surrogate pair");
        }

        await leases.PutAsync(new string('n', 1_024), value, Cancellation);
        Assert.Equal(2, await leases.ListNamesAsync(cancellationToken: Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_page_that_cannot_be_meant_is_refused_by_the_call_itself()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);

        foreach (var list in new Action<CellListOptions>[] { options => leases.ListAsync(options), options => leases.ListNamesAsync(options) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => list(new CellListOptions { Limit = -1 }));
            Assert.Throws<ArgumentNullException>(() => list(new CellListOptions { Prefix = null! }));
            Assert.Throws<ArgumentException>(() => list(new CellListOptions { Prefix = new string('n', 1_025) }));
            Assert.Throws<ArgumentException>(() => list(new CellListOptions { After = "a\n" }));
        }
    }

    [Fact]
    public async Task A_value_or_an_expectation_that_cannot_be_meant_is_refused_and_nothing_is_written()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        var knots = ledger.KeyValue("knots", LeaseJson.Default.Knot);
        var nothings = ledger.KeyValue("nothings", LeaseJson.Default.Nothing);
        var stored = await leases.PutAsync("a", new Lease("me", 1), Cancellation);
        var knot = new Knot();
        knot.Next = knot;

        await Assert.ThrowsAsync<ArgumentNullException>("value", async () => await leases.PutAsync("a", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("value", async () => await leases.PutNewAsync("b", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await leases.CompareAndSwapAsync("a", (Lease)null!, new Lease("x", 1), Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await leases.CompareAndSwapAsync("a", (KeyValueEntry<Lease>)null!, new Lease("x", 1), Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("expected", async () => await leases.CompareAndDeleteAsync("a", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("seed", async () => await leases.UpdateAsync("a", null!, static one => one, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>("update", async () => await leases.UpdateAsync("a", new Lease("x", 1), null!, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("attemptsMax", async () => await leases.UpdateAsync("a", new Lease("x", 1), static one => one, attemptsMax: 0, Cancellation));
        await Refused(async () => await leases.CompareAndSwapAsync("b", stored, new Lease("x", 1), Cancellation), "The expected entry is leases/a, and the one to change is leases/b");
        await Refused(async () => await ledger.KeyValue("other", LeaseJson.Default.Lease).CompareAndDeleteAsync("a", stored, Cancellation), "The expected entry is leases/a, and the one to change is other/a");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("expectedVersion", async () => await leases.CompareAndSwapAsync("a", -1, new Lease("x", 1), Cancellation));
        await Refused(async () => await leases.PutAsync("b", new Lease(new string('x', FactLimits.CellValueBytesMax), 1), Cancellation), "at most 4,194,304 are possible");
        Assert.Contains("cannot be written as JSON to entry knots/a", (await Assert.ThrowsAsync<FactTypesException>(async () => await knots.PutAsync("a", knot, Cancellation))).Message, StringComparison.Ordinal);
        Assert.Contains("is written as null to entry nothings/a", (await Assert.ThrowsAsync<FactTypesException>(async () => await nothings.PutAsync("a", new Nothing(), Cancellation))).Message, StringComparison.Ordinal);

        Assert.Equal(1, (await leases.GetAsync("a", Cancellation))?.Version.Value);
        Assert.Equal(["a"], await leases.ListNamesAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
        Assert.Equal(1, (await ledger.GetStatisticsAsync(Cancellation)).Cells);
    }

    static async Task Refused(Func<Task> act, string why) =>
        Assert.Contains(why, (await Assert.ThrowsAsync<ArgumentException>(act)).Message, StringComparison.Ordinal);
}
