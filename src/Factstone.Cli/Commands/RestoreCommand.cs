using System.CommandLine;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class RestoreCommand : LedgerCommand
{
    readonly Argument<string> _backup = new("BACKUP") { Description = "The directory of the backup. Nothing in it is changed." };

    public RestoreCommand(CommonOptions common)
        : base("restore", "Creates a ledger from a backup, in a new or empty directory, and raises its epoch.", "factstone restore /mnt/backups/2026-01-31 --data factstone-data", common) =>
        Arguments.Add(_backup);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var backup = Path.GetFullPath(parsed.GetRequiredValue(_backup));
        RestoreReport report;
        using (var progress = new Progress(session.Host))
            report = await session.RestoreAsync(backup, at => progress.Report(() => $"Copying: {at.BytesCopied / 1_000_000:N0} of {at.Bytes / 1_000_000:N0} MB"), ct);

        if (session.IsJson) WriteJson(session, report, backup);
        else WriteText(session, report, backup);
        return ExitCodes.Done;
    }

    static void WriteJson(Session session, RestoreReport report, string backup) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("backup", backup);
        json.WriteString("ledger", report.LedgerId.ToString());
        json.WriteString("location", Path.GetFullPath(session.Directory));
        RestoreReceipt.WriteFields(json, report);
        json.WriteNumber("receipt", report.Receipt.Value);
        json.WriteNumber("segments", report.Segments);
        json.WriteNumber("segmentBytes", report.SegmentBytes);
        json.WriteNumber("runs", report.Runs);
        json.WriteNumber("runBytes", report.RunBytes);
        json.WriteNumber("blobs", report.Blobs);
        json.WriteNumber("blobBytes", report.BlobBytes);
        json.WriteEndObject();
    });

    static void WriteText(Session session, RestoreReport report, string backup)
    {
        var end = report.RecordedAt is { } recordedAt ? $"up to @{report.LastCommonPosition}, recorded {TimeText.Exact(recordedAt)}" : "without a fact";
        session.Output.WriteLine($"Restored ledger {report.LedgerId} {end}, in epoch {report.Epoch} after {report.EpochBefore}.");
        session.Output.WriteLine($"From {TextFit.Clean(backup)}, made {TimeText.Exact(report.BackedUpAt)}, to {TextFit.Clean(Path.GetFullPath(session.Directory))}.");
        session.Output.WriteLine($"{Counted.Text(report.Segments, "segment")} with {report.SegmentBytes:N0} bytes, every frame checked; index: {Counted.Text(report.Runs, "run")} with {report.RunBytes:N0} bytes.");
        if (report.Blobs > 0) session.Output.WriteLine($"{Counted.Text(report.Blobs, "blob")} with {report.BlobBytes:N0} bytes, every one checked.");
        session.Output.WriteLine($"Cursors from before the restore that are beyond @{report.LastCommonPosition} are refused (forked). The receipt is at @{report.Receipt}: factstone history '$receipts/restore'");
        session.Output.WriteLine($"Truncations after @{report.LastCommonPosition} are not part of the backup: the facts that they dropped are in this ledger again. Truncate those streams again: factstone receipts lists what is applied.");
    }
}
