using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Factstone.Cli.Commands;
using Factstone.Cli.Output;

namespace Factstone.Cli;

/// <summary>The whole command line: reads the words, runs the command, says by one line and the exit code how it went.</summary>
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
        // An argument '@file' is a command's own affair, not a file of further arguments; and '-5' is a number, not three options.
        var parsed = Root().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0 && parsed.Action is not CommandLineAction { ClearsParseErrors: true }) throw CliException.Usage(Sentence(parsed));

        using var text = new StringWriter();
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = text, Error = text }, ct);
        // Help and version come from the parser; commands write by themselves.
        if (text.ToString().TrimEnd() is { Length: > 0 } said) host.Output.WriteLine(said);
        return exitCode;
    }

    Command Root()
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
            new ReadCommand(common),
            new HistoryCommand(common),
            new ListCommand(common),
            new FactsCommand(common),
            new FollowCommand(common),
            new StreamsCommand(common),
            new CellCommand(common),
            new ImportCommand(common),
            new ExportCommand(common),
            new VerifyCommand(common),
            new RepairCommand(common),
            new BackupCommand(common),
            new RestoreCommand(common),
            new InspectCommand(common),
            new StatsCommand(common),
            new BenchCommand(common),
            new GrowthStepCommand(common),
        };
        common.AddTo(root);
        if (help.Action is HelpAction action) help.Action = new HelpWithExample(action);
        return root;
    }

    int Report(Exception failure, bool asJson, CancellationToken ct)
    {
        // What was answered before the failure is part of the answer.
        var report = TryFlush() ?? failure switch
        {
            // Whatever a cancelled wait was for, it is the cancelling that ended it.
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
        // Of several complaints the one about a word that was typed says most.
        var what = parsed.UnmatchedTokens is [var unknown, ..] ? $"'{TakenOption(parsed) ?? unknown}' is not known here" : Sentence(parsed.Errors[0]);
        var name = string.Join(' ', Path(parsed.CommandResult.Command));
        return $"{what}. See '{name} --help'.";
    }

    static string Sentence(ParseError error)
    {
        // The parser names the type of .NET instead.
        var number = error.SymbolResult is OptionResult { Tokens.Count: 1, Option: var option } ? Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType : null;
        var kind = number == typeof(long) || number == typeof(int) ? "whole number" : number == typeof(double) ? "number" : null;
        return kind is not null && error.SymbolResult is OptionResult wrong ? $"{wrong.Option.Name}: '{wrong.Tokens[0].Value}' is no {kind} that it takes" : error.Message.TrimEnd('.');
    }

    /// <summary>An option that the command does not have is taken for an argument if there is room for one, and then it is the word behind it that is too many.</summary>
    static string? TakenOption(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens).Select(static word => word.Value).FirstOrDefault(static word => word.StartsWith("--", StringComparison.Ordinal));

    static IEnumerable<string> Path(Command command) => [.. command.Parents.OfType<Command>().Take(1).SelectMany(Path), command.Name];
}
