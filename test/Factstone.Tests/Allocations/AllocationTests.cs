using System.Text;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Allocations;

/// <summary>What one read or append allocates, in bytes. The numbers do not depend on the speed of the machine.</summary>
[Collection<OneAtATime>]
public sealed class AllocationTests(ITestOutputHelper output)
{
    const int Times = 2_000;

    static readonly StreamName Stream = new("orders", "42");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_latest_value_allocates_the_value_and_at_most_256_bytes()
    {
        await using var ledger = await OpenAsync(facts: 10);
        var value = Encoding.UTF8.GetByteCount(Json);

        Fact? read = null;
        Assert.InRange(Measured(() => read = Now(ledger.ReadLatestAsync(Stream))), 0, value + 256);
        Assert.Equal(Json, read!.Json);
    }

    [Fact]
    public async Task A_latest_value_that_is_folded_allocates_nothing()
    {
        await using var ledger = await OpenAsync(facts: 10);
        var buffer = new byte[100];
        var length = 0;

        var read = Measured(() => length = Now(ledger.FoldLatestAsync(Stream, (Buffer: buffer, Length: 0), Copy)).Length);

        Assert.Equal((0, Json.Length), (read, length));
        Assert.Equal(Json, Encoding.UTF8.GetString(buffer.AsSpan(0, Json.Length)));

        static bool Copy(ref (byte[] Buffer, int Length) state, in FactView fact)
        {
            fact.Payload.CopyTo(state.Buffer);
            state.Length = fact.Payload.Length;
            return true;
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(5_000)]
    public async Task A_fold_of_a_stream_allocates_at_most_1_KB_however_many_facts_it_has(int facts)
    {
        await using var ledger = await OpenAsync(facts);

        var counted = 0;
        Assert.InRange(Measured(() => counted = Now(ledger.FoldStreamAsync(Stream, 0, Count))), 0, 1_024);
        Assert.Equal(facts, counted);

        static bool Count(ref int count, in FactView fact)
        {
            count++;
            return true;
        }
    }

    [Fact]
    public async Task One_fact_with_an_expected_version_allocates_at_most_800_bytes_beside_its_payload()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-allocations").FullName;
        try
        {
            await using var ledger = await Ledger.OpenAsync(directory, cancellationToken: Cancellation);
            Assert.InRange(await MeasureAppendsAsync(ledger, static () => new NewFact(Stream, "placed", Json)) - Json.Length, 0, 800);
            Assert.Equal(AppendCondition.StreamAt(Stream, new StreamVersion(7)), Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(new NewFact(Stream, "placed", Json), new StreamVersion(7), Cancellation)).Condition);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task One_value_with_an_expected_version_allocates_at_most_1100_bytes_beside_its_payload()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-allocations").FullName;
        try
        {
            await using var ledger = await Ledger.OpenAsync(directory, new LedgerOptions { Types = new FactTypes(AllocationJson.Default).Add<Placed>("placed") }, Cancellation);
            Assert.InRange(await MeasureAppendsAsync(ledger, static () => new NewFact(Stream, new Placed("Ada", 129.90m))) - Json.Length, 0, 1_100);
            Assert.Equal(Json.Length, (await ledger.ReadLatestAsync(Stream, cancellationToken: Cancellation))!.Payload.Length);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The bytes that one append allocates in this process, in a quiet round: what other threads allocate counts, too.</summary>
    async Task<long> MeasureAppendsAsync(Ledger ledger, Func<NewFact> create)
    {
        var version = StreamVersion.None;
        var all = new List<long>();
        for (var round = 0; round < 20; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < 200; i++)
            {
                var outcome = await ledger.TryAppendAsync(create(), version, CancellationToken.None);
                version = ((AppendOutcome.Committed)outcome).Receipt.Versions[0].Version;
            }

            all.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / 200);
        }

        all.Sort();
        output.WriteLine($"{all[2]} bytes, {all[0]} to {all[^1]}");
        return all[2];
    }

    const string Json = """{"customer":"Ada","total":129.90}""";

    /// <summary>The median bytes of one call on this thread. The first calls fill caches that a thread keeps.</summary>
    long Measured(Action call)
    {
        var all = new List<long>(Times);
        for (var i = 0; i < Times; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            call();
            all.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }

        all.Sort();
        output.WriteLine($"{all[Times / 2]} bytes, {all[0]} to {all[^1]}");
        return all[Times / 2];
    }

    static T Now<T>(ValueTask<T> done)
    {
        return done.Result;
    }

    static async Task<Ledger> OpenAsync(int facts)
    {
        var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        for (var at = 0; at < facts; at += 1_000) await ledger.AppendAsync([.. Enumerable.Range(0, Math.Min(1_000, facts - at)).Select(static _ => new NewFact(Stream, "placed", Json))], Cancellation);
        return ledger;
    }
}

/// <summary>A fact as a value; its JSON has the bytes of the untyped fact.</summary>
sealed record Placed([property: JsonPropertyName("customer")] string Customer, [property: JsonPropertyName("total")] decimal Total);

[JsonSerializable(typeof(Placed))]
sealed partial class AllocationJson : JsonSerializerContext;
