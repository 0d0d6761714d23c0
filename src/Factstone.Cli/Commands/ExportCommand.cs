using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ExportCommand : Command
{
    public ExportCommand(CommonOptions common) : base("export", "Writes facts out, so that another ledger can take them.") =>
        Subcommands.Add(new ExportJsonLinesCommand(common));
}
