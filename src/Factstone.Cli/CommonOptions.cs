using System.CommandLine;

namespace Factstone.Cli;

/// <summary>The options of every command.</summary>
internal sealed class CommonOptions(CliHost host)
{
    const string DataVariable = "FACTSTONE_DATA";
    const string DataDefault = "./factstone-data";

    readonly Option<string?> _data = new("--data")
    {
        HelpName = "DIR",
        Description = $"The ledger's directory. [default: {DataVariable}, or {DataDefault}]",
        Recursive = true,
    };

    readonly Option<bool> _json = new("--json") { Description = "Answer in JSON, one object a line; errors, too.", Recursive = true };

    readonly Option<double> _lockWait = new("--lock-wait")
    {
        HelpName = "SECONDS",
        Description = "How long to wait for another writer to close the ledger.",
        Recursive = true,
        DefaultValueFactory = _ => 30,
    };

    public void AddTo(Command root)
    {
        root.Options.Add(_data);
        root.Options.Add(_json);
        root.Options.Add(_lockWait);
    }

    public Session Session(ParseResult parsed)
    {
        var lockWait = parsed.GetValue(_lockWait);
        if (!(lockWait is >= 0 and <= 86_400)) throw CliException.Usage("--lock-wait: seconds from 0 to 86400.");
        return new Session(host, Directory(parsed), parsed.GetValue(_json), TimeSpan.FromSeconds(lockWait));
    }

    string Directory(ParseResult parsed)
    {
        if (parsed.GetValue(_data) is { } given) return given.Length > 0 ? given : throw CliException.Usage("--data: the directory has no name.");
        return host.Environment(DataVariable) is { Length: > 0 } variable ? variable : DataDefault;
    }
}
