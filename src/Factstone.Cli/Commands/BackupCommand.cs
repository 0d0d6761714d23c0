using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class BackupCommand : LedgerCommand
{
    readonly Argument<string> _directory = new("DIRECTORY") { Description = "The directory of the new backup, which must be new or empty. An unfinished backup in it is started over." };

    public BackupCommand(CommonOptions common)
        : base("backup", "Copies the ledger as of its last durable position, and checks the copy. Runs beside a writer.", "factstone backup /mnt/backups/2026-01-31", common) =>
        Arguments.Add(_directory);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var directory = Path.GetFullPath(parsed.GetRequiredValue(_directory));
        BackupReport report;
        using (var progress = new Progress(session.Host))
            report = await session.BackupAsync(directory, at => progress.Report(() => $"Copying: {at.BytesCopied / 1_000_000:N0} of {at.Bytes / 1_000_000:N0} MB"), ct);

        if (session.IsJson) WriteJson(session, report, directory);
        else WriteText(session, report, directory);
        return ExitCodes.Done;
    }

    static void WriteJson(Session session, BackupReport report, string directory) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("backup", directory);
        json.WriteString("ledger", report.LedgerId.ToString());
        json.WriteNumber("epoch", report.Epoch);
        json.WriteNumber("position", report.Position.Value);
        if (report.RecordedAt is { } recordedAt) json.WriteString("recordedAt", TimeText.Exact(recordedAt));
        json.WriteNumber("segments", report.Segments);
        json.WriteNumber("segmentBytes", report.SegmentBytes);
        json.WriteNumber("runs", report.Runs);
        json.WriteNumber("runBytes", report.RunBytes);
        json.WriteNumber("blobs", report.Blobs);
        json.WriteNumber("blobBytes", report.BlobBytes);
        json.WriteEndObject();
    });

    static void WriteText(Session session, BackupReport report, string directory)
    {
        var end = report.RecordedAt is { } recordedAt ? $"up to @{report.Position}, recorded {TimeText.Exact(recordedAt)}" : "without a fact";
        session.Output.WriteLine($"Backed up ledger {report.LedgerId}, epoch {report.Epoch}, {end}.");
        session.Output.WriteLine($"{Counted.Text(report.Segments, "segment")} with {report.SegmentBytes:N0} bytes, every frame checked; index: {Counted.Text(report.Runs, "run")} with {report.RunBytes:N0} bytes.");
        if (report.Blobs > 0) session.Output.WriteLine($"{Counted.Text(report.Blobs, "blob")} with {report.BlobBytes:N0} bytes, every one checked.");
        session.Output.WriteLine($"To restore: factstone restore {TextFit.Clean(directory)} --data NEW-DIRECTORY");
    }
}
