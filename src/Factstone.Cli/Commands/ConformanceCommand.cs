using System.CommandLine;
using Factstone.Cli.Conformance;
using Factstone.Cli.Output;
using Factstone.Conformance;

namespace Factstone.Cli.Commands;

/// <summary>Checks the claims of Factstone.Conformance on temporary ledgers. The ledger of <c>--data</c> is not used.</summary>
internal sealed class ConformanceCommand : LedgerCommand
{
    readonly Option<bool> _markdown = new("--markdown") { Description = "Answer in Markdown." };

    readonly Option<string?> _facet = new("--facet") { HelpName = "NAME", Description = $"Only the claims of one facet: {string.Join(", ", Facet.All)}." };

    readonly Option<string?> _in = new("--in") { HelpName = "DIR", Description = "Where the ledgers are created, and removed again. [default: beside the ledger's directory]" };

    readonly Option<int?> _seed = new("--seed") { HelpName = "N", Description = "Decides at which I/Os the simulated disk crashes. [default: random, and shown]" };

    readonly Option<bool> _mutations = new("--mutations") { Description = "Tests the claims instead: breaks each facet once, and shows how many of its claims notice it." };

    public ConformanceCommand(CommonOptions common)
        : base("conformance", "Checks what a ledger promises on temporary ledgers: in a directory, in memory, on a simulated disk that crashes, and restored from a backup after each append. Shows for each facet how many claims passed.", "factstone conformance --markdown", common)
    {
        Options.Add(_markdown);
        Options.Add(_facet);
        Options.Add(_in);
        Options.Add(_seed);
        Options.Add(_mutations);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var isMarkdown = parsed.GetValue(_markdown);
        if (isMarkdown && session.IsJson) throw CliException.Usage("--markdown goes without --json only.");
        var facet = FacetOf(parsed.GetValue(_facet));
        if (parsed.GetValue(_in) is { Length: 0 }) throw CliException.Usage("--in: the directory has no name.");
        var parent = Path.GetFullPath(parsed.GetValue(_in) ?? Path.GetDirectoryName(Path.GetFullPath(session.Directory).TrimEnd('/'))!);
        var location = Directory.CreateDirectory(Path.Combine(parent, $"conformance-{Environment.ProcessId}"));
        try
        {
            return parsed.GetValue(_mutations)
                ? await MutateAsync(session, location.FullName, facet, isMarkdown, ct)
                : await CheckAsync(session, Sources(location.FullName, parsed.GetValue(_seed) ?? Random.Shared.Next()), facet, isMarkdown, ct);
        }
        finally
        {
            location.Delete(recursive: true);
        }
    }

    static Facet? FacetOf(string? name) =>
        name is null ? null : Facet.Find(name) ?? throw CliException.Usage($"--facet: there is no facet '{name}'. There are {string.Join(", ", Facet.All)}.");

    static LedgerSource[] Sources(string location, int seed) => [new DirectorySource(location), new MemorySource(), new CrashingSource(seed), new RestoredSource(location)];

    static async Task<int> CheckAsync(Session session, IReadOnlyList<LedgerSource> sources, Facet? facet, bool isMarkdown, CancellationToken ct)
    {
        var suite = facet is null ? ConformanceSuite.Default : ConformanceSuite.Default.Only(facet);
        var hasFailed = false;
        foreach (var source in sources)
        {
            var run = await RunAsync(session, suite, source, ct);
            if (session.IsJson) session.Output.WriteJson(run.WriteJson);
            else if (isMarkdown) session.Output.WriteLine(run.ToMarkdown());
            else WriteText(session, run);
            session.Output.Flush();
            hasFailed |= run.Failed > 0;
        }

        return hasFailed ? ExitCodes.Failed : ExitCodes.Done;
    }

    static async Task<ConformanceRun> RunAsync(Session session, ConformanceSuite suite, LedgerSource source, CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        var done = 0;
        return await suite.RunAsync(source, progress: _ => Report(++done), cancellationToken: ct);

        void Report(int claims) => progress.Report(() => $"{source.Name}: {claims} of {suite.Claims.Count} claims");
    }

    static void WriteText(Session session, ConformanceRun run)
    {
        session.Output.WriteLine(run.Source);
        session.Output.WriteLine(Row("facet", "passed", "failed", "missing", "total"));
        foreach (var facet in run.Facets) session.Output.WriteLine(Row(facet.Facet.Name, $"{facet.Passed}", $"{facet.Failed}", $"{facet.Missing}", $"{facet.Total}"));
        session.Output.WriteLine(run.Summary);
        foreach (var failure in run.Failures) session.Output.WriteLine(TextFit.Clean($"failed: {failure.Claim}: {failure.Message}"));
        foreach (var missing in run.Results.Where(static result => result.Status == ClaimStatus.Missing).GroupBy(static result => result.Message))
            session.Output.WriteLine($"missing: {missing.Key}, for {Counted.Text(missing.Count(), "claim")} of {string.Join(", ", missing.Select(static one => one.Claim.Facet.Name).Distinct())}");
        session.Output.WriteLine("");
    }

    static string Row(string facet, string passed, string failed, string missing, string total) => $"{facet,-14}{passed,8}{failed,8}{missing,9}{total,8}";

    static async Task<int> MutateAsync(Session session, string location, Facet? facet, bool isMarkdown, CancellationToken ct)
    {
        var results = await MutationRun.RunAsync(new DirectorySource(location), facet, ct);
        if (isMarkdown) session.Output.WriteLine("| facet | defect | noticed by |\n|---|---|---:|");
        foreach (var result in results)
        {
            if (session.IsJson) WriteJson(session, result);
            else if (isMarkdown) session.Output.WriteLine($"| {result.Facet.Name} | {result.What} | {result.NoticedBy.Count} |");
            else session.Output.WriteLine(result.ToString());
        }

        return results.All(static result => result.IsNoticed) ? ExitCodes.Done : ExitCodes.Failed;
    }

    static void WriteJson(Session session, MutationResult result) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("facet", result.Facet.Name);
        json.WriteString("defect", result.What);
        json.WriteStartArray("noticedBy");
        foreach (var claim in result.NoticedBy) json.WriteStringValue(claim.Claim.Name);
        json.WriteEndArray();
        json.WriteEndObject();
    });
}
