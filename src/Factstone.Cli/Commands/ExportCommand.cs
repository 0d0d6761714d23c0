using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ExportCommand : Command
{
    public ExportCommand(CommonOptions common) : base("export", "Exports a ledger, so that another ledger can import it.") =>
        Subcommands.Add(new ExportJsonLinesCommand(common));
}
