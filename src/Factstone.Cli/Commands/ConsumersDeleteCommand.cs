using System.CommandLine;

namespace Factstone.Cli.Commands;

internal sealed class ConsumersDeleteCommand : LedgerCommand
{
    readonly Argument<string> _name = new("NAME") { Description = "The consumer." };

    public ConsumersDeleteCommand(CommonOptions common)
        : base("delete", "Deletes the checkpoint of a consumer, so that a consumer of this name begins anew.", "factstone consumers delete confirmation-mailer", common) =>
        Arguments.Add(_name);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var name = parsed.GetRequiredValue(_name);
        await using var ledger = await session.OpenForRetractionAsync(ct);
        if (!await ledger.DeleteConsumerAsync(name, ct)) throw CliException.NotFound($"There is no consumer '{name}'.");
        if (session.IsJson)
        {
            session.Output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("deleted", name);
                json.WriteEndObject();
            });
        }

        return ExitCodes.Done;
    }
}
