namespace Factstone.Tests.Reading;

/// <summary>A stream is read and counted between versions, recorded times and valid times, and by type.</summary>
public sealed class StreamQueryTests
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3, 7, false, "3 4 5 6 7")]
    [InlineData(3, 3, false, "3")]
    [InlineData(0, 2, false, "1 2")]
    [InlineData(9, 99, false, "9 10")]
    [InlineData(11, 99, false, "")]
    [InlineData(7, 3, false, "")]
    [InlineData(1, 0, false, "")]
    [InlineData(7, 3, true, "7 6 5 4 3")]
    [InlineData(99, 9, true, "10 9")]
    [InlineData(0, 8, true, "10 9 8")]
    [InlineData(2, 0, true, "2 1")]
    [InlineData(4, 5, true, "")]
    public async Task Between_versions_both_ends_are_included(long from, long through, bool backward, string expected)
    {
        await using var ledger = await WithOrdersAsync();
        var options = new StreamReadOptions { From = from, Through = through, Backward = backward };

        Assert.Equal(expected, await VersionsAsync(ledger, options));
        Assert.Equal(expected, await VersionsAsync(ledger, options with { Types = ["odd", "even"] }));
        Assert.Equal(expected, await VersionsAsync(ledger, options with { RecordedFrom = Begin.AddSeconds(1) }));
    }

    [Theory]
    [InlineData(3, null, "3 4 5 6 7 8 9 10")]
    [InlineData(null, 3, "1 2 3")]
    [InlineData(3, 5, "3 4 5")]
    [InlineData(5, 5, "5")]
    [InlineData(5, 4, "")]
    [InlineData(-9, 99, "1 2 3 4 5 6 7 8 9 10")]
    [InlineData(11, 99, "")]
    [InlineData(-9, 0, "")]
    public async Task Between_recorded_times_both_ends_are_included(int? from, int? through, string expected)
    {
        await using var ledger = await WithOrdersAsync();

        Assert.Equal(expected, await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = At(from), RecordedThrough = At(through) }));
        Assert.Equal(Reversed(expected), await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = At(from), RecordedThrough = At(through), Backward = true }));
    }

    // The ledger keeps microseconds. A bound between two of them is neither rounded up nor down past a fact.
    [Fact]
    public async Task A_bound_that_is_finer_than_a_microsecond_is_compared_as_it_is()
    {
        await using var ledger = await WithOrdersAsync();
        var (before, after) = (Begin.AddSeconds(5).AddTicks(-1), Begin.AddSeconds(5).AddTicks(1));

        Assert.Equal("5 6", await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = before, RecordedThrough = Begin.AddSeconds(6) }));
        Assert.Equal("6", await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = after, RecordedThrough = Begin.AddSeconds(6) }));
        Assert.Equal("4", await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = Begin.AddSeconds(4), RecordedThrough = before }));
        Assert.Equal("4 5", await VersionsAsync(ledger, new StreamReadOptions { RecordedFrom = Begin.AddSeconds(4), RecordedThrough = after }));
    }

    [Fact]
    public async Task A_valid_time_begins_where_the_fact_says_or_else_when_it_was_recorded()
    {
        await using var ledger = await WithOrdersAsync(); // versions 2, 4, 6, … are valid 100 seconds before they are recorded

        Assert.Equal("2 4 6", await VersionsAsync(ledger, new StreamReadOptions { ValidFrom = At(-98), ValidThrough = At(-94) }));
        Assert.Equal("3 5", await VersionsAsync(ledger, new StreamReadOptions { ValidFrom = At(2), ValidThrough = At(5) }));
        Assert.Equal("10 8 6 4 2", await VersionsAsync(ledger, new StreamReadOptions { ValidThrough = At(0), Backward = true }));
        Assert.Equal("3 4 5 6 7", await VersionsAsync(ledger, new StreamReadOptions { ValidFrom = DateTimeOffset.MinValue, ValidThrough = DateTimeOffset.MaxValue, From = 3, Through = 7 }));
        Assert.Equal("", await VersionsAsync(ledger, new StreamReadOptions { ValidFrom = At(5), ValidThrough = At(2) }));
        Assert.Equal("2", await VersionsAsync(ledger, new StreamReadOptions { ValidThrough = At(-90), Limit = 1 }));
    }

    [Fact]
    public async Task Types_are_any_of_those_that_are_named()
    {
        await using var ledger = await WithOrdersAsync();

        Assert.Equal("1 3 5 7 9", await VersionsAsync(ledger, new StreamReadOptions { Types = ["odd"] }));
        Assert.Equal("9 7", await VersionsAsync(ledger, new StreamReadOptions { Types = ["odd"], Backward = true, Limit = 2 }));
        Assert.Equal("1 2 3 4 5 6 7 8 9 10", await VersionsAsync(ledger, new StreamReadOptions { Types = ["odd", "even", "odd"] }));
        Assert.Equal("4 6", await VersionsAsync(ledger, new StreamReadOptions { Types = ["even"], From = 3, Through = 7 }));
        Assert.Equal("", await VersionsAsync(ledger, new StreamReadOptions { Types = ["never"] }));
        Assert.Equal("6 4", await VersionsAsync(ledger, new StreamReadOptions { Types = ["even"], RecordedFrom = At(3), RecordedThrough = At(7), From = 6, Backward = true }));
    }

    [Fact]
    public async Task A_retraction_is_a_fact_of_its_stream_and_one_of_another_stream_is_not()
    {
        await using var ledger = await WithOrdersAsync();
        await ledger.AppendAsync([NewFact.Retraction("orders/42"), new NewFact("orders/43", "odd", "1")], Now);

        Assert.Equal("10 11", await VersionsAsync(ledger, new StreamReadOptions { From = 10 }));
        Assert.Equal(5, await ledger.CountStreamAsync("orders/42", new StreamReadOptions { Types = ["odd"] }, Now));
        Assert.Equal(1, await ledger.CountStreamAsync("orders/42", static fact => fact.Retracts, cancellationToken: Now));
        Assert.Equal(0, await ledger.CountStreamAsync("orders/44", cancellationToken: Now));
    }

    [Fact]
    public async Task A_count_where_asks_a_function_about_the_facts_that_the_options_select()
    {
        await using var ledger = await WithOrdersAsync();

        Assert.Equal(3, await ledger.CountStreamAsync("orders/42", static fact => fact.Json!.Length == 1, new StreamReadOptions { From = 7 }, Now));
        Assert.Equal(2, await ledger.CountStreamAsync("orders/42", static fact => fact.Type == "odd", new StreamReadOptions { Limit = 4 }, Now));
        Assert.Equal(5, await ledger.ReadStreamAsync("orders/42", cancellationToken: Now).Where(static fact => fact.Type == "odd").CountAsync(Now)); // .NET's own
        var thrown = new InvalidOperationException("mine");
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(async () => await ledger.CountStreamAsync("orders/42", _ => throw thrown, cancellationToken: Now)));
    }

    [Fact]
    public async Task A_reader_of_a_point_reads_within_the_bounds_up_to_its_point()
    {
        await using var ledger = await WithOrdersAsync();

        foreach (var reader in (ILedgerReader[])[ledger.AsOf(new Position(5)), ledger.AsOf(LedgerTime.RecordedBy(Begin.AddSeconds(5)))])
        {
            Assert.Equal("3 4 5", await VersionsAsync(reader, new StreamReadOptions { From = 3, Through = 7 }));
            Assert.Equal("4 5", await VersionsAsync(reader, new StreamReadOptions { RecordedFrom = At(4), RecordedThrough = At(99) }));
            Assert.Equal("5 3", await VersionsAsync(reader, new StreamReadOptions { Types = ["odd"], From = 7, Through = 2, Backward = true }));
            Assert.Equal("2 4", await VersionsAsync(reader, new StreamReadOptions { ValidThrough = At(0) }));
        }
    }

    [Fact]
    public async Task Pages_of_a_range_end_with_an_empty_one()
    {
        await using var ledger = await WithOrdersAsync();
        foreach (var backward in (bool[])[false, true])
        {
            var (pages, options) = (new List<string>(), new StreamReadOptions { From = backward ? 8 : 3, Through = backward ? 3 : 8, Backward = backward, Limit = 2, Types = ["odd", "even"] });
            while (await VersionsAsync(ledger, options) is { Length: > 0 } page)
            {
                pages.Add(page);
                options = options with { From = long.Parse(page.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture) + (backward ? -1 : 1) };
            }

            Assert.Equal(backward ? ["8 7", "6 5", "4 3"] : ["3 4", "5 6", "7 8"], pages);
        }
    }

    [Fact]
    public async Task The_history_of_a_record_has_the_same_bounds()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var records = ledger.Records(new RecordStore<Input.Sold>("sales", Input.SaleJson.Default.Sold));
        for (var i = 1; i <= 5; i++) await records.WriteAsync("a", new Input.Sold(i), cancellationToken: Now);

        var changes = await records.ReadHistoryAsync("a", new StreamReadOptions { From = 2, Through = 4 }, Now).ToListAsync(Now);

        Assert.Equal([2m, 3m, 4m], changes.Select(static change => change.Record!.Value.Total));
        Assert.Throws<ArgumentOutOfRangeException>(() => records.ReadHistoryAsync("a", new StreamReadOptions { Through = -1 }));
    }

    /// <summary>The versions that are read; folds and counts must agree, also those of a ledger that has only the members it must.</summary>
    static async Task<string> VersionsAsync(ILedgerReader reader, StreamReadOptions options)
    {
        var read = string.Join(' ', await reader.ReadStreamAsync("orders/42", options, Now).Select(static fact => fact.StreamVersion).ToListAsync(Now));
        var folded = await reader.FoldStreamAsync("orders/42", new List<StreamVersion>(), static (ref versions, in fact) =>
        {
            versions.Add(fact.StreamVersion);
            return true;
        }, options, Now);
        Assert.Equal(read, string.Join(' ', folded));
        Assert.Equal(folded.Count, await reader.CountStreamAsync("orders/42", options, Now));
        if (reader is Ledger ledger) Assert.Equal(folded.Count, await ((ILedgerReader)new Simulation.DecidingLedger(ledger, request => ledger.TryAppendAsync(request))).CountStreamAsync("orders/42", options, Now));
        return read;
    }

    static DateTimeOffset? At(int? seconds) => seconds is { } value ? Begin.AddSeconds(value) : null;

    static string Reversed(string versions) => string.Join(' ', versions.Split(' ').Reverse());

    /// <summary>Ten versions, one a second, with facts of another stream and types of the other between them.</summary>
    static async Task<Ledger> WithOrdersAsync()
    {
        var clock = new ManualTimeProvider(Begin);
        var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { TimeProvider = clock, MemoryFactsMax = 4 }, Now);
        for (var i = 1; i <= 10; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await ledger.AppendAsync(new NewFact("orders/42", i % 2 == 0 ? "even" : "odd", $"{i}") { ValidFrom = i % 2 == 0 ? clock.GetUtcNow().AddSeconds(-100) : null }, Now);
        }

        return ledger;
    }
}
