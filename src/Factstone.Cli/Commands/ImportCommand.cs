using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ImportCommand : Command
{
    public ImportCommand(CommonOptions common) : base("import", "Imports a history; what was imported before is not added again.")
    {
        Subcommands.Add(new ImportGitCommand(common));
        Subcommands.Add(new ImportJsonLinesCommand(common));
    }
}
