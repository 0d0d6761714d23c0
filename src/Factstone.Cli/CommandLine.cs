using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Factstone.Cli.Commands;
using Factstone.Cli.Output;

namespace Factstone.Cli;

/// <summary>The whole command line: parses the words, runs the command, and reports the result by one line and the exit code.</summary>
internal sealed class CommandLine(CliHost host)
{
    const string JsonOption = "--json";

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        try
        {
            var exitCode = await ParseAndRunAsync(arguments, ct);
            host.Output.Flush();
            return exitCode;
        }
        catch (OutputClosedException)
        {
            return ExitCodes.Done;
        }
        catch (Exception failure)
        {
            return Report(failure, asJson: arguments.Contains(JsonOption), ct);
        }
    }

    async Task<int> ParseAndRunAsync(string[] arguments, CancellationToken ct)
    {
        // A command itself reads an argument '@file'; it is not a file of further arguments. And '-5' is a number, not three options.
        var parsed = Root().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0 && parsed.Action is not CommandLineAction { ClearsParseErrors: true }) throw CliException.Usage(Sentence(parsed));

        using var text = new StringWriter();
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = text, Error = text }, ct);
        // The parser prints help and version; commands print by themselves.
        if (text.ToString().TrimEnd() is { Length: > 0 } said) host.Output.WriteLine(said);
        return exitCode;
    }

    /// <summary>All commands.</summary>
    public Command Root()
    {
        var common = new CommonOptions(host);
        // Not a RootCommand, which takes its name from the file of the program.
        var help = new HelpOption();
        var root = new Command("factstone", "Factstone: an append-only ledger of immutable facts.")
        {
            help,
            new VersionOption(),
            new DemoCommand(common),
            new AppendCommand(common),
            new WriteCommand(common),
            new RetractCommand(common),
            new TruncateCommand(common),
            new DeleteCommand(common),
            new ReceiptsCommand(common),
            new ReadCommand(common),
            new HistoryCommand(common),
            new ListCommand(common),
            new FactsCommand(common),
            new FollowCommand(common),
            new StreamsCommand(common),
            new CellCommand(common),
            new BlobCommand(common),
            new ConsumersCommand(common),
            new ProjectionsCommand(common),
            new ImportCommand(common),
            new ExportCommand(common),
            new VerifyCommand(common),
            new RepairCommand(common),
            new BackupCommand(common),
            new RestoreCommand(common),
            new InspectCommand(common),
            new StatsCommand(common),
            new BenchCommand(common),
            new ConformanceCommand(common),
            new GrowthStepCommand(common),
        };
        common.AddTo(root);
        if (help.Action is HelpAction action) help.Action = new HelpWithExample(action);
        return root;
    }

    int Report(Exception failure, bool asJson, CancellationToken ct)
    {
        // Output before the failure is part of the answer.
        var report = TryFlush() ?? failure switch
        {
            // If the command was cancelled, that is the reason for the failure, whatever the failed wait was for.
            _ when ct.IsCancellationRequested && failure is not CliException => ErrorReport.Of(new OperationCanceledException(ct)),
            _ => ErrorReport.Of(failure),
        };
        report.WriteTo(host.Error, asJson);
        return report.ExitCode;
    }

    ErrorReport? TryFlush()
    {
        try
        {
            host.Output.Flush();
            return null;
        }
        catch (OutputClosedException)
        {
            return null;
        }
        catch (IOException failure)
        {
            return ErrorReport.Of(failure);
        }
    }

    static string Sentence(ParseResult parsed)
    {
        // Of several errors, the one about a word that was typed is the most helpful.
        var what = parsed.UnmatchedTokens is [var unknown, ..] ? $"'{TakenOption(parsed) ?? unknown}' is unknown" : Sentence(parsed.Errors[0]);
        var name = string.Join(' ', Path(parsed.CommandResult.Command));
        return $"{what}. See '{name} --help'.";
    }

    static string Sentence(ParseError error)
    {
        // The parser would name the .NET type instead.
        var number = error.SymbolResult is OptionResult { Tokens.Count: 1, Option: var option } ? Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType : null;
        var kind = number == typeof(long) || number == typeof(int) ? "whole number" : number == typeof(double) ? "number" : null;
        return kind is not null && error.SymbolResult is OptionResult wrong ? $"{wrong.Option.Name}: '{wrong.Tokens[0].Value}' is not a {kind} in the allowed range" : error.Message.TrimEnd('.');
    }

    /// <summary>An unknown option is taken for an argument if there is room for one; then the word after it is one too many.</summary>
    static string? TakenOption(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens).Select(static word => word.Value).FirstOrDefault(static word => word.StartsWith("--", StringComparison.Ordinal));

    static IEnumerable<string> Path(Command command) => [.. command.Parents.OfType<Command>().Take(1).SelectMany(Path), command.Name];
}
