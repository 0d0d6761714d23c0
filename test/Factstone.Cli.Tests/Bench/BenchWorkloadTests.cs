using System.Text.Json;
using Factstone.Cli.Bench;
using Xunit;

namespace Factstone;

public sealed class BenchWorkloadTests
{
    const int Seed = 7;

    static readonly ZipfStreams Streams = new(Seed);
    static readonly Payloads Payloads = new(Seed);

    [Fact]
    public void Payloads_are_JSON_of_200_bytes_and_neighbours_differ()
    {
        for (var number = 0; number < 5_000; number++)
        {
            Assert.Equal(Payloads.Bytes, Payloads[number].Length);
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(Payloads[number]).RootElement.ValueKind);
            Assert.NotEqual(Payloads[number], Payloads[number + 1]);
        }
    }

    // With exponent 0.99 over 1,000 streams, the first one is drawn with
    // probability 1 / (sum of r^-0.99) = 13 %, the second with half of that.
    [Fact]
    public void Streams_are_drawn_by_rank_and_the_same_seed_draws_the_same()
    {
        var counts = new int[ZipfStreams.Count];
        for (var number = 0; number < 262_144; number++) counts[Streams[number]]++;
        Assert.InRange(counts[0] / 262_144.0, 0.125, 0.140);
        Assert.InRange(counts[1] / (double)counts[0], 0.47, 0.54);
        Assert.DoesNotContain(0, counts);

        var again = new ZipfStreams(Seed);
        for (var number = 0; number < 10_000; number++) Assert.Equal(Streams[number], again[number]);
    }

    [Fact]
    public async Task What_is_read_back_must_be_what_was_acknowledged()
    {
        await Compared(new ListStore((0, 1, 5), (0, 2, 6), (3, 1, 7)));
        await Compared(new ListStore((0, 1, 5), (0, 2, 6), (3, 1, 7), (4, 1, 8), (4, 2, 9)), many: 2);
        await Refused("another payload", new ListStore((0, 1, 5), (0, 2, 6), (3, 1, 7), (4, 1, 8), (4, 2, 8)), many: 2);
        await Refused("Stream 0 has 1 facts; 2", new ListStore((0, 1, 5), (3, 1, 7)));
        await Refused("more than the 2", new ListStore((0, 1, 5), (0, 2, 6), (0, 3, 8), (3, 1, 7)));
        await Refused("more than the 0", new ListStore((0, 1, 5), (0, 2, 6), (2, 1, 8), (3, 1, 7)));
        await Refused("version 3 where 2", new ListStore((0, 1, 5), (0, 3, 6), (3, 1, 7)));
        await Refused("another payload", new ListStore((0, 1, 6), (0, 2, 5), (3, 1, 7)));

        static async Task Refused(string says, ListStore store, int many = 0)
        {
            var wrong = await Assert.ThrowsAsync<InvalidDataException>(() => Compared(store, many));
            Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
        }

        static async Task Compared(ListStore store, int many = 0)
        {
            // The facts of two callers are in one stream.
            var (one, other) = (new Acknowledged(), new Acknowledged());
            one.Add(0, 2, 6);
            one.Add(3, 1, 7);
            other.Add(0, 1, 5);
            other.Add(4, 1, 8, many);
            await Acknowledged.CompareAsync([one, other], store, Payloads);
        }
    }

    /// <summary>Facts as (stream, version, number of the payload).</summary>
    sealed class ListStore(params (int Stream, long Version, long Number)[] facts) : IBenchStore
    {
        public async IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream)
        {
            await Task.Yield();
            foreach (var fact in facts.Where(fact => fact.Stream == stream)) yield return (fact.Version, Payloads[fact.Number]);
        }

        public ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload) => throw new NotSupportedException();

        public ValueTask<long> AppendAsync(int stream, byte[][] payloads) => throw new NotSupportedException();

        public ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions) => throw new NotSupportedException();

        public ValueTask SendAsync(int stream, byte[] payload, Action<long> answered) => throw new NotSupportedException();

        public ValueTask FlushAsync() => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
