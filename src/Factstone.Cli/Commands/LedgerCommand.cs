using System.CommandLine;

namespace Factstone.Cli.Commands;

/// <summary>A command with an example of how it is typed.</summary>
internal abstract class LedgerCommand : Command
{
    protected LedgerCommand(string name, string description, string example, CommonOptions common) : base(name, description)
    {
        Example = example;
        SetAction((parsed, ct) => RunAsync(parsed, common.Session(parsed), ct));
    }

    /// <summary>Shown at the end of the command's help.</summary>
    public string Example { get; }

    protected abstract Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct);
}
