using System.CommandLine;
using System.Globalization;
using Factstone.Cli.Bench;
using Factstone.Cli.Growth;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

/// <summary>Measures a temporary ledger on the disk of the ledger's directory, and that disk itself. The ledger there is not used.</summary>
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

    readonly Option<bool> _growth = new("--growth") { Description = "Measures instead how appends, reads, opening and memory grow with the ledger." };

    readonly Option<string> _sizes = new("--sizes")
    {
        HelpName = "FACTS,…",
        Description = "With --growth: the sizes of the ledgers, from small to large. 20 million facts take about 8 GB.",
        DefaultValueFactory = _ => GrowthOptions.SizesDefault,
    };

    readonly Option<long?> _keys = new("--keys") { HelpName = "N", Description = "With --growth: how many keys the facts are drawn from, in each ledger. [default: a tenth of its facts]" };

    readonly Option<int> _rounds = new("--rounds")
    {
        HelpName = "N",
        Description = "With --growth: how often each operation is measured at each size, in turn.",
        DefaultValueFactory = _ => GrowthOptions.RoundsDefault,
    };

    readonly Option<string?> _in = new("--in") { HelpName = "DIR", Description = "With --growth: where the ledgers are created. [default: beside the ledger's directory]" };

    readonly Option<bool> _keep = new("--keep") { Description = "With --growth: keeps the ledgers there. The next --growth in the same directory reuses them." };

    public BenchCommand(CommonOptions common)
        : base("bench", "Measures appends in a temporary ledger beside the ledger's directory, and the disk's own pwrite + fdatasync of the same bytes; or with --growth, what grows with the ledger.", "factstone bench --seconds 3", common)
    {
        Options.Add(_seconds);
        Options.Add(_growth);
        Options.Add(_sizes);
        Options.Add(_keys);
        Options.Add(_rounds);
        Options.Add(_in);
        Options.Add(_keep);
    }

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var isGrowth = parsed.GetValue(_growth);
        Option[] others = isGrowth ? [_seconds] : [_sizes, _keys, _rounds, _in, _keep];
        foreach (var option in others)
            if (parsed.GetResult(option) is { Implicit: false }) throw CliException.Usage($"{option.Name} goes {(isGrowth ? "without" : "with")} --growth only.");
        return isGrowth ? new GrowthRun(session, Growth(parsed, session)).RunAsync(ct) : MeasureAsync(parsed, session, ct);
    }

    GrowthOptions Growth(ParseResult parsed, Session session)
    {
        var rounds = parsed.GetValue(_rounds);
        if (rounds is < 1 or > GrowthOptions.RoundsMax) throw CliException.Usage($"--rounds: from 1 to {GrowthOptions.RoundsMax}.");
        var sizes = GrowthOptions.ParseSizes(parsed.GetValue(_sizes)!, parsed.GetValue(_keys));
        if (parsed.GetValue(_in) is { Length: 0 }) throw CliException.Usage("--in: the directory has no name.");
        var directory = parsed.GetValue(_in) is { } given ? Path.GetFullPath(given) : Beside(session, "growth");
        return new GrowthOptions(sizes, directory, parsed.GetValue(_keep), rounds);
    }

    async Task<int> MeasureAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var seconds = parsed.GetValue(_seconds);
        if (!(seconds is > 0 and <= SecondsMax)) throw CliException.Usage($"--seconds: above 0, at most {SecondsMax}.");

        var location = Directory.CreateDirectory(Beside(session, "bench"));
        try
        {
            if (!session.IsJson) WriteHead(session, location.FullName);
            var bench = new LedgerBench(location.FullName, TimeSpan.FromSeconds(seconds));
            foreach (var workload in Workload.All)
            {
                BenchResult result;
                using (var progress = new Progress(session.Host)) result = await bench.RunAsync(workload, status => progress.Report(() => status), ct);
                if (session.IsJson) WriteJson(session, result);
                else session.Output.WriteLine(Row($"{workload.Name} {workload.What}", $"{result.Probe:N0}", $"{result.Ledger:N0}", result.ShareOfProbe.ToString("0.00", CultureInfo.InvariantCulture)));
                session.Output.Flush();
            }

            if (!session.IsJson) session.Output.WriteLine("Everything that was acknowledged was read back after a reopen.");
            return ExitCodes.Done;
        }
        finally
        {
            location.Delete(recursive: true);
        }
    }

    static string Beside(Session session, string what) => $"{Path.GetFullPath(session.Directory).TrimEnd('/')}.{what}-{Environment.ProcessId}";

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
        if (double.IsFinite(result.ShareOfProbe)) json.WriteNumber("ratio", Math.Round(result.ShareOfProbe, 3)); // a probe without any result gives no ratio
        json.WriteEndObject();
    });
}
