using System.CommandLine;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class RepairCommand : LedgerCommand
{
    /// <summary>How many lines of each kind are shown. The receipt and --json have all of them.</summary>
    const int ShownMax = 20;

    readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only report what would be done." };

    public RepairCommand(CommonOptions common)
        : base("repair", "Keeps every whole fact of a damaged ledger, records what is lost, and moves the damaged files to quarantine. Without damage, only rebuilds what is missing of the index.", "factstone repair --dry-run", common) =>
        Options.Add(_dryRun);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var isDryRun = parsed.GetValue(_dryRun);
        RepairReport report;
        using (var progress = new Progress(session.Host))
            report = await session.RepairAsync(isDryRun, at => progress.Report(() => $"Reading the log: {at.BytesRead / 1_000_000:N0} of {at.Bytes / 1_000_000:N0} MB"), ct);

        if (session.IsJson) WriteJson(session, report);
        else WriteText(session, report);
        if (!isDryRun) await MakeIndexAsync(session, ct);
        if (!isDryRun || !report.WasDamaged) return ExitCodes.Done;

        throw new CliException(ExitCodes.Damaged, ErrorNames.Damaged, $"The ledger in '{session.Directory}' is damaged. Nothing was changed; run the command without --dry-run to repair it.");
    }

    /// <summary>An open for writing rebuilds what is missing of the index. A process that can only read may depend on it.</summary>
    static async Task MakeIndexAsync(Session session, CancellationToken ct) => await (await session.OpenExistingAsync(ct)).DisposeAsync();

    static void WriteJson(Session session, RepairReport report) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("dryRun", report.IsDryRun);
        if (report.Receipt > Position.None) json.WriteNumber("receipt", report.Receipt.Value);
        RepairReceipt.WriteFields(json, report, Path.GetFullPath(session.Directory));
        json.WriteEndObject();
    });

    static void WriteText(Session session, RepairReport report)
    {
        if (!report.WasDamaged)
        {
            session.Output.WriteLine($"No damage in {Counted.Text(report.FactsLeft, "fact")}; nothing to repair.");
            return;
        }

        Write(session, $"{report.Damage.Count:N0} damaged:", report.Damage);
        Write(session, $"{Counted.Text(report.FactsLost, "fact")} lost, at position:", report.Lost);
        Write(session, "Of these the header is known:", [.. report.KnownLost.Select(fact => $"@{fact.Position} {fact.Stream} v{fact.StreamVersion}{(fact.Type is null ? "" : $" {fact.Type}")}")]);
        Write(session, "Appends that are no longer whole:", [.. report.IncompleteAppends.Select(append => $"@{append.Positions}{(append.AppendId is null ? "" : $" id '{append.AppendId}'")}")]);
        Write(session, "Appends whose id, if they had one, is lost, at position:", report.UnknownAppendIds);
        Write(session, "Cells that have lost their value:", [.. report.LostCells.Select(cell => $"{cell.Cell} v{cell.Version}")]);
        if (report.MayHaveLostCells) session.Output.WriteLine("Unknown writes of cells may be lost, too.");
        session.Output.WriteLine($"{Counted.Text(report.FactsLeft, "fact")} left; {Epoch(report)}");
        if (report.IsDryRun) return;
        Write(session, "Kept aside:", report.Quarantined);
        session.Output.WriteLine($"The receipt is at @{report.Receipt}: factstone history '$receipts/repair'");
    }

    static string Epoch(RepairReport report) => report.Epoch == report.EpochBefore
        ? $"the epoch stays {report.Epoch}."
        : $"epoch {report.Epoch} after {report.EpochBefore}, unchanged up to @{report.LastCommonPosition}.";

    static void Write<T>(Session session, string title, IReadOnlyList<T> lines)
    {
        if (lines.Count == 0) return;
        session.Output.WriteLine(title);
        foreach (var line in lines.Take(ShownMax)) session.Output.WriteLine($"  {TextFit.Clean(line!.ToString()!)}");
        if (lines.Count > ShownMax) session.Output.WriteLine($"  and {lines.Count - ShownMax:N0} more");
    }
}
