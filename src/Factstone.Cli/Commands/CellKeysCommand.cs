using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class CellKeysCommand : LedgerCommand
{
    readonly Argument<string> _bucket = new("BUCKET") { Description = "The bucket." };
    readonly Option<string> _prefix = new("--prefix") { HelpName = "P", Description = "Only names that begin with this.", DefaultValueFactory = _ => "" };
    readonly Option<string?> _after = new("--after") { HelpName = "NAME", Description = "Only names after this one: the last of the page before." };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "Show at most N." };

    public CellKeysCommand(CommonOptions common)
        : base("keys", "Lists the names in a bucket that have a value, in the order of their bytes.", "factstone cell keys settings --prefix t --limit 100", common)
    {
        Arguments.Add(_bucket);
        Options.Add(_prefix);
        Options.Add(_after);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var limit = parsed.GetValue(_limit);
        if (limit < 0) throw CliException.Usage($"--limit: {limit} is negative; give 0 or more.");
        var options = new CellListOptions { Prefix = parsed.GetValue(_prefix) ?? "", After = parsed.GetValue(_after), Limit = limit };

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        await foreach (var cell in ledger.ListCellNamesAsync(parsed.GetRequiredValue(_bucket), options, ct))
        {
            if (session.IsJson) session.Output.WriteJson(json => CellJson.WriteName(json, cell));
            else session.Output.WriteLine(TextFit.Clean(cell.Name));
        }

        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
