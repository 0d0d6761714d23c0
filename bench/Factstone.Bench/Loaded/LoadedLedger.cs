namespace Factstone.Bench;

/// <summary>The ledger, through its public API.</summary>
internal sealed class LoadedLedger(Ledger ledger, LoadedFacts facts) : ILoadedStore
{
    public static async ValueTask<LoadedLedger> OpenAsync(string directory, LoadedFacts facts) => new(await Ledger.OpenAsync(directory), facts);

    /// <summary>Loads all facts, one per append, and returns the time when each was recorded.</summary>
    public static async ValueTask<DateTimeOffset[]> LoadAsync(string directory, LoadedFacts facts)
    {
        var times = new DateTimeOffset[facts.Count];
        var answered = 0;
        await using var ledger = await Ledger.OpenAsync(directory);
        await using var appender = ledger.OpenAppender();
        for (var i = 0; i < facts.Count; i++)
            await appender.SendAsync(new AppendRequest(new NewFact(facts.Names[facts.StreamOf(i)], "changed", facts.PayloadOf(i))), outcome => times[answered++] = outcome.EnsureCommittedOrDuplicate().RecordedAt);
        await appender.FlushAsync();
        return times;
    }

    public async ValueTask<long> ReadLatestAsync(int stream) => Digest((await ledger.ReadLatestAsync(facts.Names[stream]))!);

    public ValueTask<long> ReadStreamAsync(int stream) => ledger.FoldStreamAsync(facts.Names[stream], 0L, static (ref digest, in fact) =>
    {
        digest += FactDigest.Of(fact.StreamVersion.Value, fact.Payload);
        return true;
    });

    public ValueTask<long> CountAsync() => ledger.FoldAsync(0L, static (ref count, in _) =>
    {
        count++;
        return true;
    });

    public ValueTask<long> SumAsync() => ledger.FoldAsync(0L, static (ref sum, in fact) =>
    {
        sum += TotalField.Hundredths(fact.Payload);
        return true;
    });

    public async ValueTask<long> ReadAsOfAsync(int stream, DateTimeOffset time) => Digest((await ledger.ReadLatestAsync(facts.Names[stream], LedgerTime.RecordedBy(time)))!);

    public ValueTask DisposeAsync() => ledger.DisposeAsync();

    static long Digest(Fact fact) => FactDigest.Of(fact.StreamVersion.Value, fact.Payload.Span);
}
