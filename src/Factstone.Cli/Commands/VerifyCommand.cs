using System.CommandLine;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class VerifyCommand : LedgerCommand
{
    readonly Option<bool> _deep = new("--deep") { Description = "Compare every index file with the log, too." };

    public VerifyCommand(CommonOptions common) : base("verify", "Reads every byte of the ledger and reports all damage; changes nothing.", "factstone verify --deep", common) =>
        Options.Add(_deep);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        VerifyReport report;
        using (var progress = new Progress(session.Host))
            report = await Ledger.VerifyAsync(session.Directory, new VerifyOptions { Deep = parsed.GetValue(_deep) }, at => progress.Report(() => $"{(at.IsOfIndex ? "Comparing the index" : "Verifying")}: {at.Facts:N0} of {at.Head:N0} facts"), ct);

        if (session.IsJson) WriteJson(session, report);
        else WriteText(session, report);
        NoticeIndex(session, report);
        if (report.State == LedgerState.Whole) return ExitCodes.Done;
        if (report.State == LedgerState.NeedsRecovery) return ExitCodes.NeedsRecovery;

        throw new CliException(ExitCodes.Damaged, ErrorNames.Damaged, $"The ledger in '{session.Directory}' is damaged in {Counted.Text(report.Damage.Count, "place")}. Nothing was changed.");
    }

    /// <summary>Says what to do about a wrong index: no data depends on it.</summary>
    static void NoticeIndex(Session session, VerifyReport report)
    {
        var layout = new LedgerLayout(session.Directory);
        // Not if a whole index file proves that the log has lost facts: it is the only evidence.
        if (!report.Damage.Any(static damage => damage.What.StartsWith("A file of the index", StringComparison.Ordinal)) && !report.Remade.Any(static damage => damage.File.EndsWith(".run", StringComparison.Ordinal))) return;
        session.Notice($"No fact is affected by a wrong index: 'rm -r {layout.Index}' is safe while no process has the ledger open, and the next open for writing rebuilds it. If an index file is wrong and has no damaged block, that is a defect of Factstone: please report the message.");
    }

    static void WriteJson(Session session, VerifyReport report) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("state", report.State switch { LedgerState.Whole => "whole", LedgerState.NeedsRecovery => "needsRecovery", _ => "damaged" });
        json.WriteNumber("facts", report.Facts);
        json.WriteNumber("segments", report.Segments);
        json.WriteNumber("segmentBytes", report.SegmentBytes);
        if (report.RunsCompared is { } runs) json.WriteNumber("runsCompared", runs);
        json.WriteNumber("head", report.Head.Value);
        json.WriteBoolean("openForWriting", report.IsOpenForWriting);
        json.WriteBoolean("closedCleanly", report.IsClosedCleanly);
        json.WriteBoolean("hasRecoverableAppends", report.HasRecoverableAppends);
        json.WriteNumber("recoverableFacts", report.RecoverableFacts);
        json.WriteNumber("tornTailBytes", report.TornTailBytes);
        DamageJson.Write(json, report.Damage);
        DamageJson.Write(json, report.Remade, "remade");
        json.WriteEndObject();
    });

    static void WriteText(Session session, VerifyReport report)
    {
        session.Output.WriteLine($"{Counted.Text(report.Facts, "fact")} in {Counted.Text(report.Segments, "segment")}, up to @{report.Head}.");
        if (report.RunsCompared is { } runs) session.Output.WriteLine($"{Counted.Text(runs, "run")} of the index compared with the log.");
        if (report.IsOpenForWriting) session.Output.WriteLine("Open for writing now: what its writer has not published yet was not checked.");
        session.Output.WriteLine(report.Damage.Count == 0 ? "No damage." : $"{report.Damage.Count:N0} damaged:");
        foreach (var damage in report.Damage) session.Output.WriteLine($"  {TextFit.Clean(damage.ToString())}");
        if (report.State == LedgerState.NeedsRecovery) WriteRecovery(session, report);
    }

    static void WriteRecovery(Session session, VerifyReport report)
    {
        session.Output.WriteLine(report.IsClosedCleanly ? "Needs recovery, by the next open for writing. Nothing is lost:" : "Needs recovery: its last writer did not close it. The next open for writing recovers it, and nothing is lost:");
        if (report.HasRecoverableAppends) session.Output.WriteLine($"  {Recoverable.Text(report.RecoverableFacts, report.Head)} will be kept.");
        if (report.TornTailBytes > 0) session.Output.WriteLine($"  {report.TornTailBytes:N0} bytes after that, of an unfinished write, will be cut off. No append in them was acknowledged.");
        foreach (var remade in report.Remade) session.Output.WriteLine($"  {TextFit.Clean(remade.ToString())} It is rebuilt.");
        if (!report.HasRecoverableAppends && report.TornTailBytes == 0 && report.Remade.Count == 0) session.Output.WriteLine($"  All appends up to @{report.Head} will be kept, and nothing follows them.");
    }
}
