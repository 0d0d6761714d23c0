using System.Text;
using Factstone.Testing;

namespace Factstone.Tests.Reading;

/// <summary>A fold visits the facts that a read returns, in place in the file. The callback may call any operation.</summary>
public sealed class FoldTests : IDisposable
{
    readonly string _directory = Path.Combine(Path.GetTempPath(), $"factstone-fold-{Guid.NewGuid():N}");

    static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Every_fact_that_is_shown_is_in_every_field_the_fact_that_is_read(bool mapped, bool readOnly)
    {
        var seed = Environment.TickCount;
        var options = new LedgerOptions { MappedReads = mapped, MemoryFactsMax = 40, SegmentSizeBytes = 64 * 1_024, PreallocationBytesMax = 0 };
        await using (var ledger = await Ledger.OpenAsync(_directory, options, Now))
        {
            var appends = new RandomAppends(new Random(seed), new ModelLedger());
            for (var i = 0; i < 200; i++) await ledger.TryAppendAsync(appends.Next() with { Conditions = [] }, Now);
            for (var i = 0; i < 3; i++) await ledger.AppendAsync(new NewFact("orders/large", "grown", $"\"{new string('x', 20_000)}\""), Now);
            await Same(ledger, seed);
        }

        await using var again = readOnly ? await Ledger.OpenReadOnlyAsync(_directory, options, Now) : await Ledger.OpenAsync(_directory, options, Now);
        Assert.True((await again.GetStatisticsAsync(Now)).Runs > 0);
        await Same(again, seed);
    }

    static async Task Same(Ledger ledger, int seed)
    {
        foreach (var options in (ReadOptions[])[new(), new() { Backward = true }, new() { From = new Position(77), Limit = 100 }, new() { AsOf = new Position(50), Backward = true }])
        {
            var facts = await ledger.ReadAsync(options, Now).ToListAsync();
            Assert.NotEmpty(facts);
            Assert.Equal(facts.Count, await ledger.FoldAsync(0, Comparing(facts, seed), options, Now));
            Assert.Equal(facts.Count, await ledger.FoldAsync(FactQuery.All, 0, Comparing(facts, seed), options, Now));
        }

        var all = await ledger.ReadAsync(cancellationToken: Now).ToListAsync();
        foreach (var stream in all.Select(fact => fact.Stream).Distinct())
        {
            foreach (var backward in (bool[])[false, true])
            {
                var options = new StreamReadOptions { Backward = backward };
                var facts = await ledger.ReadStreamAsync(stream, options, Now).ToListAsync();
                Assert.Equal(facts.Count, await ledger.FoldStreamAsync(stream, 0, Comparing(facts, seed), options, Now));
            }
        }
    }

    static FactFolder<int> Comparing(List<Fact> facts, int seed) => (ref seen, in view) =>
    {
        var fact = facts[seen++];
        var why = $"seed {seed}, {fact}";
        Assert.True(fact.Position == view.Position && fact.Stream == view.Stream && fact.StreamVersion == view.StreamVersion && fact.Type == view.Type && fact.Id == view.Id, why);
        Assert.True(fact.RecordedAt == view.RecordedAt && fact.OriginRecordedAt == view.OriginRecordedAt && fact.ValidFrom == view.ValidFrom && fact.ValidTo == view.ValidTo, why);
        Assert.True(fact.SchemaVersion == view.SchemaVersion && fact.Causation == view.Causation && fact.Correlation == view.Correlation && fact.Producer == view.Producer, why);
        Assert.True(fact.Retracts == view.Retracts && fact.ContentType == view.ContentType && fact.Json == view.Json && fact.Metadata == view.Metadata, why);
        Assert.True(fact.Payload.Span.SequenceEqual(view.Payload) && fact.Header.Span.SequenceEqual(view.Header) && fact.Salt.Span.SequenceEqual(view.Salt), why);
        Assert.True(fact.Derivation?.Rule == view.Derivation?.Rule && fact.Derivation?.Version == view.Derivation?.Version, why);
        Assert.Equal(fact.Derivation?.Sources, view.Derivation?.Sources);
        Assert.Equal(fact.Tags, view.Tags);
        var tags = new List<string>();
        foreach (var tag in view.TagsUtf8) tags.Add(Encoding.UTF8.GetString(tag));
        Assert.Equal(fact.Tags, tags);
        Assert.Equal(fact.Stream, new StreamName(Encoding.UTF8.GetString(view.StoreUtf8), Encoding.UTF8.GetString(view.KeyUtf8)));
        Assert.Equal(fact.Type ?? "", Encoding.UTF8.GetString(view.TypeUtf8));
        Assert.Equal(fact.Metadata ?? "", Encoding.UTF8.GetString(view.MetadataUtf8));
        Assert.Equal(fact.ToString(), view.ToString());
        Assert.Equal(fact.Leaf(), view.ToFact().Leaf());
        return true;
    };

    [Fact]
    public async Task A_fold_ends_where_the_callback_says_so()
    {
        await using var ledger = await WithOrders(600);

        foreach (var last in (int[])[1, 16, 17, 300, 600])
        {
            Assert.Equal(last, await ledger.FoldAsync(0, (ref seen, in fact) => ++seen < last, cancellationToken: Now));
            Assert.Equal(last, await ledger.FoldAsync(FactQuery.Types("placed"), 0, (ref seen, in fact) => ++seen < last, cancellationToken: Now));
            Assert.Equal(last, await ledger.FoldStreamAsync("orders/1", 0, (ref seen, in fact) => ++seen < last, cancellationToken: Now));
            Assert.Equal(last, await ledger.FoldAsync(0, (ref seen, in fact) => ++seen > 0, new ReadOptions { Limit = last }, Now));
            Assert.Equal(last, await ledger.FoldStreamAsync("orders/1", 0, (ref seen, in fact) => ++seen > 0, new StreamReadOptions { Limit = last }, Now));
        }
    }

    [Fact]
    public async Task A_fold_of_nothing_gives_the_state_that_it_began_with()
    {
        await using var ledger = await WithOrders(3);

        Assert.Equal("seed", await ledger.FoldStreamAsync("orders/none", "seed", Unasked, cancellationToken: Now));
        Assert.Equal("seed", await ledger.FoldAsync(FactQuery.Types("none"), "seed", Unasked, cancellationToken: Now));
        Assert.Equal("seed", await ledger.FoldAsync("seed", Unasked, new ReadOptions { Limit = 0 }, Now));
        Assert.Equal("seed", await ledger.FoldAsync("seed", Unasked, new ReadOptions { From = new Position(4) }, Now));

        static bool Unasked(ref string state, in FactView fact) => throw new InvalidOperationException($"{fact.ToString()} was not asked for.");
    }

    [Fact]
    public async Task What_the_callback_throws_its_caller_gets_and_the_ledger_goes_on()
    {
        await using var ledger = await WithOrders(20);
        var thrown = new InvalidOperationException("mine");

        foreach (var fold in (Func<ValueTask<int>>[])[() => ledger.FoldAsync(0, Throws, cancellationToken: Now), () => ledger.FoldStreamAsync("orders/1", 0, Throws, cancellationToken: Now), () => ledger.FoldAsync(FactQuery.Types("placed"), 0, Throws, cancellationToken: Now)])
            Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(async () => await fold()));

        Assert.Empty(ledger.Damage);
        await ledger.AppendAsync(new NewFact("orders/1", "placed", "1"), Now);
        Assert.Equal(21, await ledger.FoldAsync(0, (ref seen, in fact) => ++seen > 0, cancellationToken: Now));

        bool Throws(ref int seen, in FactView fact) => ++seen < 17 ? true : throw thrown;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_callback_may_append_and_read_and_sees_what_was_there_when_the_fold_began(bool mapped)
    {
        await using var ledger = await WithOrders(300, new LedgerOptions { MappedReads = mapped, MemoryFactsMax = 100 });

        var seen = await ledger.FoldAsync(0, (ref seen, in fact) =>
        {
            var payload = fact.Payload.ToArray();
            var stream = fact.Stream;
            Assert.Equal(1, Task.Run(() => ledger.AppendAsync(new NewFact("copies/1", "copied", payload), Now).AsTask()).GetAwaiter().GetResult().Count);
            Assert.Equal(stream, Task.Run(() => ledger.ReadLatestAsync(stream, cancellationToken: Now).AsTask()).GetAwaiter().GetResult()!.Stream);
            Assert.Equal(fact.StreamVersion.Value, ledger.FoldStreamAsync(stream, 0L, (ref inner, in _) => ++inner > 0, new StreamReadOptions { AsOf = fact.Position }, Now).AsTask().GetAwaiter().GetResult());
            Assert.True(fact.Payload.SequenceEqual(payload));
            return ++seen > 0;
        }, cancellationToken: Now);

        Assert.Equal(300, seen);
        Assert.Equal(300, (await ledger.GetVersionAsync("copies/1", cancellationToken: Now)).Value);
    }

    [Fact]
    public async Task A_callback_that_takes_its_time_holds_up_nobody()
    {
        await using var ledger = await WithOrders(2);
        using var began = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        var fold = Task.Run(async () => await ledger.FoldAsync(0, (ref seen, in fact) =>
        {
            began.Set();
            return mayEnd.Wait(TimeSpan.FromMinutes(1), Now) && ++seen > 0;
        }, cancellationToken: Now), Now);

        began.Wait(Now);
        await ledger.AppendAsync(new NewFact("orders/1", "placed", "1"), Now);
        Assert.Equal(3, (await ledger.ReadAsync(cancellationToken: Now).ToListAsync()).Count);
        mayEnd.Set();

        Assert.Equal(2, await fold);
    }

    // If a mapping were unmapped while a span refers to it, the process would end. A fact that
    // was passed to the callback therefore stays readable after a close, and the next fact is
    // refused. The close does not wait for the callback, because the callback itself may call it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_ledger_can_be_closed_by_the_callback(bool mapped)
    {
        var ledger = await WithOrders(300, new LedgerOptions { MappedReads = mapped });
        var seen = 0;

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.FoldAsync(0, (ref state, in fact) =>
        {
            if (++seen != 20) return true;
            var payload = Encoding.UTF8.GetString(fact.Payload);
            ledger.Dispose();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Equal(payload, Encoding.UTF8.GetString(fact.Payload));
            Assert.Equal("orders/1", fact.Stream.ToString());
            return true;
        }, cancellationToken: Now));

        Assert.Equal(20, seen);
    }

    [Fact]
    public async Task A_fold_that_is_cancelled_shows_no_further_fact()
    {
        await using var ledger = await WithOrders(50);
        foreach (var fold in (Func<FactFolder<int>, CancellationToken, ValueTask<int>>[])[(folder, token) => ledger.FoldAsync(0, folder, null, token), (folder, token) => ledger.FoldAsync(FactQuery.Types("placed"), 0, folder, null, token), (folder, token) => ledger.FoldStreamAsync("orders/1", 0, folder, null, token)])
        {
            using var cancelling = new CancellationTokenSource();
            var seen = 0;
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await fold((ref state, in fact) =>
            {
                if (++seen == 9) cancelling.Cancel();
                return true;
            }, cancelling.Token));
            Assert.Equal(9, seen);
        }
    }

    [Fact]
    public async Task A_query_that_is_wrong_and_a_stream_that_is_none_are_refused()
    {
        await using var ledger = await WithOrders(1);
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.FoldAsync([], 0, (ref seen, in fact) => true, cancellationToken: Now));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.FoldStreamAsync(new StreamName(".", "1"), 0, (ref seen, in fact) => true, cancellationToken: Now));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await ledger.FoldAsync(0, null!, cancellationToken: Now));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.FoldAsync(0, (ref seen, in fact) => true, new ReadOptions { Limit = -1 }, Now));
    }

    async Task<Ledger> WithOrders(int count, LedgerOptions? options = null)
    {
        var ledger = await Ledger.OpenAsync(_directory, options, Now);
        await ledger.AppendAsync([.. Enumerable.Range(1, count).Select(number => new NewFact("orders/1", "placed", $$"""{"number":{{number}}}"""))], Now);
        return ledger;
    }
}
