using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class CellCommand : Command
{
    public CellCommand(CommonOptions common) : base("cell", "Reads and writes cells: named values of which only the latest is kept.")
    {
        Subcommands.Add(new CellGetCommand(common));
        Subcommands.Add(new CellPutCommand(common));
        Subcommands.Add(new CellDeleteCommand(common));
        Subcommands.Add(new CellKeysCommand(common));
    }
}
