using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ConsumersCommand : LedgerCommand
{
    public ConsumersCommand(CommonOptions common)
        : base("consumers", "Lists the consumers with their checkpoints and how far they are behind, in the order of their names.", "factstone consumers --json", common) =>
        Subcommands.Add(new ConsumersDeleteCommand(common));

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        await using var ledger = await session.OpenReadOnlyAsync(ct);
        await foreach (var consumer in ledger.ListConsumersAsync(ct))
        {
            if (session.IsJson) session.Output.WriteJson(json => Write(json, consumer));
            else session.Output.WriteLine(TextFit.Clean($"{consumer.Name}  @{consumer.Cursor.Position}  {Behind(consumer.Lag)}  {consumer.Query}"));
        }

        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }

    static string Behind(FollowerLag? lag) => lag switch
    {
        null => "cannot continue: the checkpoint does not fit the ledger",
        { Facts: 0 } => "up to date",
        { } behind => string.Create(CultureInfo.InvariantCulture, $"{Counted.Text(behind.Facts, "fact")}, {behind.Time.TotalSeconds:N0} s behind"),
    };

    static void Write(Utf8JsonWriter json, ConsumerSummary consumer)
    {
        json.WriteStartObject();
        json.WriteString("name", consumer.Name);
        json.WriteNumber("position", consumer.Cursor.Position.Value);
        json.WriteString("cursor", consumer.Cursor.ToString());
        json.WriteString("query", consumer.Query.ToString());
        json.WriteString("owner", consumer.Owner);
        json.WriteString("committedAt", TimeText.Exact(consumer.CommittedAt));
        if (consumer.Lag is { } lag)
        {
            json.WriteNumber("lagFacts", lag.Facts);
            json.WriteNumber("lagSeconds", lag.Time.TotalSeconds);
        }

        json.WriteEndObject();
    }
}
