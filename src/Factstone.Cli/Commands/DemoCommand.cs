using System.CommandLine;
using Factstone.Cli.Demo;
using Factstone.Cli.Imports;
using Factstone.Cli.Output;
using Spectre.Console;

namespace Factstone.Cli.Commands;

internal sealed class DemoCommand : LedgerCommand
{
    readonly Argument<string> _repository = new("REPO") { Description = "A git repository.", DefaultValueFactory = _ => "." };

    public DemoCommand(CommonOptions common)
        : base("demo", "Shows in half a minute what Factstone does, with the history of a git repository.", "factstone demo ~/src/project", common) =>
        Arguments.Add(_repository);

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var given = parsed.GetRequiredValue(_repository);
        var repository = await GitRepository.OpenAsync(given, ct);
        if (!repository.HasCommits) throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"'{given}' has no commits yet, so there is no history to show. Try another one: factstone demo PATH");

        var directory = Directory.CreateTempSubdirectory("factstone-demo-");
        try
        {
            await using var ledger = await Ledger.OpenAsync(directory.FullName, cancellationToken: ct);
            var import = await DemoImport.RunAsync(ledger, repository, session.Host, ct);
            if (import.Facts == 0) throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"No commit of '{given}' changed a file, so there is no history to show. Try another one: factstone demo PATH");

            var throughput = await new DemoTour(Page(session), session.Host.TimeProvider).RunAsync(ledger, import, given, repository, ct);
            if (session.IsJson) WriteJson(session, import, throughput);
            return ExitCodes.Done;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The pages are for people. If a program reads standard output, they are not printed.</summary>
    static DemoPage Page(Session session)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = session.Output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = session.Output.IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(session.IsJson ? TextWriter.Null : session.Output.AsTextWriter()),
        });
        // The page fits its own lines. A command line that the user may copy must not be broken, however long it is.
        console.Profile.Width = 10_000;
        return new DemoPage(console);
    }

    static void WriteJson(Session session, DemoImport import, Throughput throughput) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("commits", import.Commits);
        json.WriteNumber("facts", import.Facts);
        json.WriteBoolean("complete", import.IsWhole);
        json.WriteNumber("importFactsPerSecond", Math.Round(import.FactsPerSecond));
        json.WriteNumber("burstFacts", throughput.Facts);
        json.WriteNumber("burstFactsPerSecond", Math.Round(throughput.FactsPerSecond));
        json.WriteNumber("appendMilliseconds", Math.Round(throughput.AloneMilliseconds, 3));
        json.WriteEndObject();
    });
}
