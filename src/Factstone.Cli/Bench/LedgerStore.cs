namespace Factstone.Cli.Bench;

/// <summary>The ledger, through its public API.</summary>
internal sealed class LedgerStore : IBenchStore
{
    const string FactType = "changed";

    static readonly StreamName[] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new StreamName("orders", $"{i}"))];

    readonly Ledger _ledger;
    readonly Appender _appender;
    readonly long[] _lastVersions = new long[ZipfStreams.Count];
    Action<long>? _answered;
    readonly Action<AppendOutcome> _passOn;

    LedgerStore(Ledger ledger, Workload workload)
    {
        _ledger = ledger;
        _appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = workload.InFlight });
        _passOn = outcome => _answered!(Version(outcome));
    }

    public static BenchTarget Target { get; } = new(
        "Factstone",
        KeepsFacts: true,
        async (directory, workload) => new LedgerStore(await Ledger.OpenAsync(Path.Combine(directory, "ledger")).ConfigureAwait(false), workload));

    public async ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload)
    {
        var fact = new NewFact(Streams[stream], FactType, payload);
        return Version(expectedVersion is { } version
            ? await _ledger.TryAppendAsync(fact, new StreamVersion(version)).ConfigureAwait(false)
            : await _ledger.TryAppendAsync(new AppendRequest(fact)).ConfigureAwait(false));
    }

    public async ValueTask<long> AppendAsync(int stream, byte[][] payloads)
    {
        var facts = new NewFact[payloads.Length];
        for (var i = 0; i < facts.Length; i++) facts[i] = new NewFact(Streams[stream], FactType, payloads[i]);
        return Version(await _ledger.TryAppendAsync(new AppendRequest(facts)).ConfigureAwait(false));
    }

    public async ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions)
    {
        var facts = new NewFact[payloads.Length];
        for (var i = 0; i < facts.Length; i++) facts[i] = new NewFact(Streams[streams[i]], FactType, payloads[i]);
        var receipt = (await _ledger.TryAppendAsync(new AppendRequest(facts)).ConfigureAwait(false)).EnsureCommittedOrDuplicate();

        // The receipt has the last version of each stream, in the order of the first write to each.
        var (seen, next) = (_lastVersions, 0);
        foreach (var stream in streams) if (seen[stream] == 0) seen[stream] = receipt.Versions[next++].Version.Value;
        for (var i = facts.Length - 1; i >= 0; i--) versions[i] = seen[streams[i]]--;
        foreach (var stream in streams) seen[stream] = 0;
    }

    public ValueTask SendAsync(int stream, byte[] payload, Action<long> answered)
    {
        _answered = answered;
        return _appender.SendAsync(new AppendRequest(new NewFact(Streams[stream], FactType, payload)), _passOn);
    }

    public ValueTask FlushAsync() => _appender.FlushAsync();

    public async IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream)
    {
        await foreach (var fact in _ledger.ReadStreamAsync(Streams[stream]).ConfigureAwait(false)) yield return (fact.StreamVersion.Value, fact.Payload);
    }

    public async ValueTask DisposeAsync()
    {
        await _appender.DisposeAsync().ConfigureAwait(false);
        await _ledger.DisposeAsync().ConfigureAwait(false);
    }

    static long Version(AppendOutcome outcome) => outcome.EnsureCommittedOrDuplicate().StreamVersion.Value;
}
