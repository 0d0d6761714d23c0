using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class BlobCommand : Command
{
    public BlobCommand(CommonOptions common) : base("blob", "Stores and reads blobs: large content, beside the facts that refer to it.")
    {
        Subcommands.Add(new BlobPutCommand(common));
        Subcommands.Add(new BlobGetCommand(common));
        Subcommands.Add(new BlobStatCommand(common));
    }
}
