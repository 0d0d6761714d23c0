using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class CellGetCommand : LedgerCommand
{
    readonly Argument<string> _cell = new("BUCKET/NAME") { Description = "The cell; split at the first '/'." };

    public CellGetCommand(CommonOptions common) : base("get", "Shows the value of a cell.", "factstone cell get settings/theme", common) => Arguments.Add(_cell);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var name = Texts.Cell(parsed.GetRequiredValue(_cell));

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var cell = await ledger.ReadCellAsync(name.Bucket, name.Name, ct)
            ?? throw CliException.NotFound($"The cell {name} has no value: it was never put, or it was deleted.");
        if (session.IsJson) session.Output.WriteJson(json => CellJson.Write(json, cell));
        else foreach (var line in CellText.Fields(cell)) session.Output.WriteLine(line);
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
