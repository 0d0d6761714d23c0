using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ExportCommand : Command
{
    public ExportCommand(CommonOptions common) : base("export", "Exports facts, so that another ledger can import them.") =>
        Subcommands.Add(new ExportJsonLinesCommand(common));
}
