using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>The ledger, through its public API.</summary>
internal sealed class LedgerConditionalStore(Ledger ledger) : IAsyncDisposable
{
    static readonly StreamName[] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new StreamName("orders", i.ToString(CultureInfo.InvariantCulture)))];

    public async Task<ConditionalAnswer> AppendAsync(ConditionalAppend append)
    {
        var stream = Streams[append.Stream];
        string[] tags = append.Tags is [var one, var other] ? [one.Text, other.Text] : [];
        var condition = append.ExpectedVersion is { } expected
            ? AppendCondition.StreamAt(stream, expected)
            : AppendCondition.NoMatch(FactQuery.Tags(tags), new Position(append.After));
        var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, "changed", append.Payload) { Tags = tags }) { Conditions = [condition] });
        return outcome switch
        {
            AppendOutcome.Committed { Receipt: var receipt } => new(true, receipt.StreamVersion.Value, receipt.LastPosition.Value),
            AppendOutcome.Conflict conflict => new(false, conflict.ActualVersion.Value, 0),
            _ => throw new InvalidOperationException($"{outcome}"),
        };
    }

    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
