using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ReadCommand : LedgerCommand
{
    readonly Argument<string> _record = new("STORE/KEY") { Description = "The record; split at the first '/'." };
    readonly AsOfOption _asOf = new();

    public ReadCommand(CommonOptions common)
        : base("read", "Shows the value of a record, now or as it was.", "factstone read settings/theme --as-of 2026-01-31T08:15:00Z", common)
    {
        Arguments.Add(_record);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var record = Texts.Stream(parsed.GetRequiredValue(_record));
        var asOf = _asOf.Value(parsed);

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var fact = await ledger.ReadLatestAsync(record, asOf, ct);
        if (fact is null)
        {
            // A read backward begins with what was dropped, if that is why there is no value.
            DroppedFacts? dropped = null;
            await foreach (var _ in ledger.ReadStreamAsync(record, new StreamReadOptions { AsOf = asOf, Backward = true, Limit = 1, Dropped = passed => dropped = passed }, ct)) { }
            throw CliException.NotFound(dropped is not null ? $"{record} has no value{_asOf.Phrase(parsed)}: its facts are dropped. The receipt is at @{dropped.Receipt}." : $"{record} has no value{_asOf.Phrase(parsed)}: it was never written, or it was retracted.");
        }

        if (session.IsJson) session.WriteFact(fact);
        else foreach (var line in FactText.Fields(fact)) session.Output.WriteLine(line);
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
