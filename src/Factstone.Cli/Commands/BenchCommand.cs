using System.CommandLine;
using System.Globalization;
using Factstone.Cli.Bench;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

/// <summary>Measures the ledger on the disk where the ledger's directory is, and the disk itself beside it. The ledger there is not touched.</summary>
internal sealed class BenchCommand : LedgerCommand
{
    const double SecondsDefault = 1;
    const double SecondsMax = 600;

    readonly Option<double> _seconds = new("--seconds")
    {
        HelpName = "SECONDS",
        Description = $"How long each of the {LedgerBench.Rounds} rounds of each measurement takes.",
        DefaultValueFactory = _ => SecondsDefault,
    };

    public BenchCommand(CommonOptions common)
        : base("bench", "Measures appends in a temporary ledger beside the ledger's directory, and the disk's own pwrite + fdatasync of the same bytes.", "factstone bench --seconds 3", common) =>
        Options.Add(_seconds);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var seconds = parsed.GetValue(_seconds);
        if (!(seconds is > 0 and <= SecondsMax)) throw CliException.Usage($"--seconds: above 0, at most {SecondsMax}.");

        var place = Directory.CreateDirectory($"{Path.GetFullPath(session.Directory).TrimEnd('/')}.bench-{Environment.ProcessId}");
        try
        {
            if (!session.IsJson) WriteHead(session, place.FullName);
            var bench = new LedgerBench(place.FullName, TimeSpan.FromSeconds(seconds));
            foreach (var workload in Workload.All)
            {
                BenchResult result;
                using (var progress = new Progress(session.Host)) result = await bench.RunAsync(workload, status => progress.Report(() => status), ct);
                if (session.IsJson) WriteJson(session, result);
                else session.Output.WriteLine(Row($"{workload.Name} {workload.What}", $"{result.Probe:N0}", $"{result.Ledger:N0}", result.ShareOfProbe.ToString("0.00", CultureInfo.InvariantCulture)));
                session.Output.Flush();
            }

            if (!session.IsJson) session.Output.WriteLine("All that was acknowledged was read back after a reopen.");
            return ExitCodes.Done;
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    static void WriteHead(Session session, string directory)
    {
        session.Output.WriteLine($"{Machine.Describe(directory)}; load {Machine.Load()}");
        session.Output.WriteLine($"Facts per second, median of {LedgerBench.Rounds} rounds: JSON of {Payloads.Bytes} bytes to {ZipfStreams.Count:N0} streams, zipf {ZipfStreams.Exponent.ToString(CultureInfo.InvariantCulture)}.");
        session.Output.WriteLine("The probe is the disk alone: pwrite and fdatasync of the same bytes into a zeroed file.");
        session.Output.WriteLine("");
        session.Output.WriteLine(Row("", "probe", "factstone", "of probe"));
    }

    static string Row(string workload, string probe, string ledger, string share) => $"{workload,-55}{probe,12}{ledger,12}{share,10}".TrimEnd();

    static void WriteJson(Session session, BenchResult result) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("workload", result.Workload.Name);
        json.WriteString("what", result.Workload.What);
        json.WriteNumber("callers", result.Workload.Callers);
        json.WriteNumber("factsPerAppend", result.Workload.FactsPerAppend);
        json.WriteNumber("inFlight", result.Workload.InFlight);
        json.WriteNumber("bytesPerAppend", result.BytesPerAppend);
        json.WriteNumber("probe", Math.Round(result.Probe));
        json.WriteNumber("factstone", Math.Round(result.Ledger));
        if (double.IsFinite(result.ShareOfProbe)) json.WriteNumber("ratio", Math.Round(result.ShareOfProbe, 3)); // a probe that got nothing done gives none
        json.WriteEndObject();
    });
}
