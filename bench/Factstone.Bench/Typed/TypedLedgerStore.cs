using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>The ledger with typed values: for single appends, and to read them back.</summary>
internal sealed class TypedLedgerStore(Ledger ledger, IReadOnlyDictionary<byte[], Order> values) : IBenchStore
{
    static readonly StreamName[] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new StreamName("orders", $"{i}"))];

    public static BenchTarget Target(IReadOnlyDictionary<byte[], Order> values) => new(
        "typed",
        KeepsFacts: true,
        async (directory, _) => new TypedLedgerStore(await Ledger.OpenAsync(Path.Combine(directory, "ledger"), new LedgerOptions { Types = Order.Types }), values));

    public async ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload)
    {
        var fact = new NewFact(Streams[stream], values[payload]);
        var outcome = expectedVersion is { } version ? await ledger.TryAppendAsync(fact, new StreamVersion(version)) : await ledger.TryAppendAsync(new AppendRequest(fact));
        return outcome.EnsureCommittedOrDuplicate().StreamVersion.Value;
    }

    public ValueTask<long> AppendAsync(int stream, byte[][] payloads) => throw new NotSupportedException();

    public ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions) => throw new NotSupportedException();

    public ValueTask SendAsync(int stream, byte[] payload, Action<long> answered) => throw new NotSupportedException();

    public ValueTask FlushAsync() => ValueTask.CompletedTask;

    public async IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream)
    {
        await foreach (var fact in ledger.ReadStreamAsync(Streams[stream])) yield return (fact.StreamVersion.Value, fact.Payload);
    }

    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
