using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ProjectionsDropCommand : LedgerCommand
{
    readonly Argument<string> _name = new("NAME") { Description = "The projection." };

    readonly Option<int?> _version = new("--version") { Description = "One version only; all of them otherwise.", HelpName = "N" };

    public ProjectionsDropCommand(CommonOptions common)
        : base("drop", "Deletes what is stored of a projection, in steps. A program that keeps it builds it again.", "factstone projections drop revenue --version 1", common)
    {
        Arguments.Add(_name);
        Options.Add(_version);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var (name, version) = (parsed.GetRequiredValue(_name), parsed.GetValue(_version));
        await using var ledger = await session.OpenForRetractionAsync(ct);
        if (!await ledger.DropProjectionAsync(name, version, ct)) throw CliException.NotFound($"There is no projection '{name}'{(version is null ? "" : $" with version {version}")}.");
        if (session.IsJson)
        {
            session.Output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("dropped", name);
                if (version is { } one) json.WriteNumber("version", one);
                json.WriteEndObject();
            });
        }

        return ExitCodes.Done;
    }
}
