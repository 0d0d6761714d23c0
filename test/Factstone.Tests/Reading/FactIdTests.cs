namespace Factstone.Tests;

/// <summary>Reads of single facts by id and by position, and the version of a stream.</summary>
public sealed class FactIdTests
{
    [Fact]
    public async Task Every_fact_is_found_by_its_id_and_by_its_position()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        for (var i = 0; i < 20; i++) await ledger.AppendAsync([.. Enumerable.Range(0, 1 + (i % 3)).Select(n => new NewFact($"s/{n}", null, $"{i}"))]);
        var ids = new List<Guid>();
        await foreach (var fact in ledger.ReadAsync())
        {
            ids.Add(fact.Id);
            Assert.Equal(fact.Position, (await ledger.FindAsync(fact.Id))!.Position);
            Assert.Equal(fact.Id, (await ledger.ReadAtAsync(fact.Position))!.Id);
            Assert.Equal(7, fact.Id.Version);
            Assert.Equal(fact.RecordedAt.ToUnixTimeMilliseconds(), Convert.ToInt64(fact.Id.ToString("N")[..12], 16));
        }

        Assert.Equal((await ledger.GetHeadAsync()).Value, ids.Distinct().Count());
        Assert.Equal(ids.Order(Comparer<Guid>.Create((x, y) => string.CompareOrdinal(x.ToString("N"), y.ToString("N")))), ids); // ids sort like positions
    }

    // An id contains its position, so no index is used. The read must compare all 128 bits with the stored fact.
    [Fact]
    public async Task An_id_with_any_bit_changed_is_not_found()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([.. Enumerable.Range(0, 10).Select(i => new NewFact("s/1", null, $"{i}"))]);
        var others = new HashSet<Guid>();
        await foreach (var fact in ledger.ReadAsync()) others.Add(fact.Id);
        var id = (await ledger.ReadAtAsync(new Position(5)))!.Id.ToByteArray(bigEndian: true);
        for (var bit = 0; bit < 128; bit++)
        {
            var changed = (byte[])id.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            var guid = new Guid(changed, bigEndian: true);
            if (!others.Contains(guid)) Assert.Null(await ledger.FindAsync(guid));
        }

        Assert.Null(await ledger.FindAsync(Guid.Empty));
        Assert.Null(await ledger.FindAsync(Guid.NewGuid()));
    }

    [Fact]
    public async Task An_id_of_another_ledger_is_not_found()
    {
        var clock = new Testing.ManualTimeProvider();
        await using var one = await Ledger.OpenInMemoryAsync(new LedgerOptions { TimeProvider = clock });
        await using var other = await Ledger.OpenInMemoryAsync(new LedgerOptions { TimeProvider = clock });
        await one.AppendAsync(new NewFact("s/1", null, "1"));
        await other.AppendAsync(new NewFact("s/1", null, "1"));

        Assert.Null(await other.FindAsync((await one.ReadAtAsync(new Position(1)))!.Id));
    }

    [Fact]
    public async Task A_cause_within_the_append_is_named_by_its_id()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(NewFact.WithoutPayload("s/0", null));
        await ledger.AppendAsync([NewFact.WithoutPayload("s/1", "asked"), NewFact.WithoutPayload("s/2", "answered") with { CausationIndex = 0 }]);

        var answer = (await ledger.ReadAtAsync(new Position(3)))!;

        Assert.Equal("asked", (await ledger.FindAsync(answer.Causation!.Value))!.Type);
    }

    [Fact]
    public async Task There_is_no_fact_before_the_first_or_behind_the_last_position()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));

        foreach (var position in (long[])[long.MinValue, -1, 0, 2, Position.MaxValue, long.MaxValue]) Assert.Null(await ledger.ReadAtAsync(new Position(position)));
        Assert.NotNull(await ledger.ReadAtAsync(new Position(1)));
    }

    [Fact]
    public async Task A_version_counts_every_fact_of_a_stream_for_ever()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        Assert.Equal(StreamVersion.None, await ledger.GetVersionAsync("s/1"));
        await ledger.AppendAsync([NewFact.WithoutPayload("s/1", null), NewFact.Retraction("s/1")]);
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));

        Assert.Equal(new StreamVersion(3), await ledger.GetVersionAsync("s/1"));
        Assert.Equal(new StreamVersion(2), await ledger.GetVersionAsync("s/1", new Position(2)));
        Assert.Equal(StreamVersion.None, await ledger.GetVersionAsync("s/1", Position.None));
        Assert.Equal(StreamVersion.None, await ledger.GetVersionAsync("s/2"));
    }
}
