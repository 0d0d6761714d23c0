using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class InspectCommand : LedgerCommand
{
    readonly Argument<string> _file = new("FILE") { Description = "A file of a ledger's log: DIR/segments/*.log." };

    public InspectCommand(CommonOptions common)
        : base("inspect", "Shows the frames of one file of the log, readable.", "factstone inspect factstone-data/segments/00000000000000000001.000001.log", common) =>
        Arguments.Add(_file);

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        throw new NotSupportedException();
    }
}
