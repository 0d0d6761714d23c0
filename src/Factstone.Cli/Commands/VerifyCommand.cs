using System.CommandLine;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class VerifyCommand : LedgerCommand
{
    readonly Option<bool> _deep = new("--deep") { Description = "Compare every file of the index with the log, too." };

    public VerifyCommand(CommonOptions common) : base("verify", "Reads every byte of the ledger and names all damage; changes nothing.", "factstone verify --deep", common) =>
        Options.Add(_deep);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        VerifyReport report;
        using (var progress = new Progress(session.Host))
            report = await Ledger.VerifyAsync(session.Directory, new VerifyOptions { Deep = parsed.GetValue(_deep) }, at => progress.Report(() => $"{(at.IsOfIndex ? "Comparing the index" : "Verifying")}: {at.Facts:N0} of {at.Head:N0} facts"), ct);

        if (session.IsJson) WriteJson(session, report);
        else WriteText(session, report);
        if (report.Damage.Count == 0) return ExitCodes.Done;
        NoticeIndex(session, report);

        throw new CliException(ExitCodes.Damaged, ErrorNames.Damaged, $"The ledger in '{session.Directory}' is damaged in {Counted.Text(report.Damage.Count, "place")}. Nothing was changed.");
    }

    /// <summary>Says what to do about an index that is wrong: nothing depends on it.</summary>
    static void NoticeIndex(Session session, VerifyReport report)
    {
        var layout = new LedgerLayout(session.Directory);
        if (!report.Damage.Any(static damage => damage.File.EndsWith(".run", StringComparison.Ordinal))) return;
        session.Notice($"Facts are not touched by what is wrong with the index: 'rm -r {layout.Index}' is safe while no process has the ledger open, and the next open for writing makes it again. A file of it that is wrong without a damaged block is a mistake of Factstone: please report what is said of it.");
    }

    static void WriteJson(Session session, VerifyReport report) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("facts", report.Facts);
        json.WriteNumber("segments", report.Segments);
        json.WriteNumber("segmentBytes", report.SegmentBytes);
        if (report.RunsCompared is { } runs) json.WriteNumber("runsCompared", runs);
        json.WriteNumber("head", report.Head.Value);
        json.WriteBoolean("closedCleanly", report.IsClosedCleanly);
        json.WriteNumber("tornTailBytes", report.TornTailBytes);
        DamageJson.Write(json, report.Damage);
        json.WriteEndObject();
    });

    static void WriteText(Session session, VerifyReport report)
    {
        session.Output.WriteLine($"{Counted.Text(report.Facts, "fact")} in {Counted.Text(report.Segments, "segment")}, up to @{report.Head}.");
        if (report.RunsCompared is { } runs) session.Output.WriteLine($"{Counted.Text(runs, "run")} of the index compared with the log.");
        if (report.TornTailBytes > 0) session.Output.WriteLine($"A torn tail of {report.TornTailBytes:N0} bytes, which is no damage: a write in progress, or one that a crash cut short, of which nothing was acknowledged. The next open for writing deals with it.");
        else if (!report.IsClosedCleanly) session.Output.WriteLine("Open for writing now, or not closed by its last writer.");
        session.Output.WriteLine(report.Damage.Count == 0 ? "No damage." : $"{report.Damage.Count:N0} damaged:");
        foreach (var damage in report.Damage) session.Output.WriteLine($"  {TextFit.Clean(damage.ToString())}");
    }
}
