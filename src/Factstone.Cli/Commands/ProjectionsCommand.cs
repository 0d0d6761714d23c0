using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ProjectionsCommand : LedgerCommand
{
    public ProjectionsCommand(CommonOptions common)
        : base("projections", "Lists the kept projections with their versions, their state and how far they are behind, in the order of their names.", "factstone projections --json", common) =>
        Subcommands.Add(new ProjectionsDropCommand(common));

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var head = await ledger.GetHeadAsync(ct);
        await foreach (var projection in ledger.ListProjectionsAsync(ct))
        {
            if (session.IsJson) session.Output.WriteJson(json => Write(json, projection));
            else session.Output.WriteLine(TextFit.Clean($"{projection.Name}  v{projection.Version}  {State(projection, head)}  @{projection.Position}  {projection.Source}"));
        }

        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }

    static string State(ProjectionSummary projection, Position head) => projection switch
    {
        { Failure: { } failure } => $"failed: {failure}",
        { State: ProjectionState.Dropping } => "dropping",
        { Lag: null } => "to be built again: the checkpoint does not fit the ledger",
        { State: ProjectionState.Building } => string.Create(CultureInfo.InvariantCulture, $"building, {(head == Position.None ? 0 : 100 * projection.Position.Value / head.Value)} % at the last snapshot"),
        { Lag.Facts: 0 } => "up to date",
        { Lag: { } behind } => string.Create(CultureInfo.InvariantCulture, $"snapshot {Counted.Text(behind.Facts, "fact")}, {behind.Time.TotalSeconds:N0} s behind"),
    };

    static void Write(Utf8JsonWriter json, ProjectionSummary projection)
    {
        json.WriteStartObject();
        json.WriteString("name", projection.Name);
        json.WriteNumber("version", projection.Version);
        json.WriteString("state", projection.State switch { ProjectionState.Building => "building", ProjectionState.Current => "current", _ => "dropping" });
        json.WriteNumber("position", projection.Position.Value);
        json.WriteString("source", projection.Source.ToString());
        if (projection.Lag is { } lag)
        {
            json.WriteNumber("lagFacts", lag.Facts);
            json.WriteNumber("lagSeconds", lag.Time.TotalSeconds);
        }

        if (projection.Failure is { } failure) json.WriteString("failure", failure);
        json.WriteEndObject();
    }
}
