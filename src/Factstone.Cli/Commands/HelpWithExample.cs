using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Factstone.Cli.Commands;

/// <summary>Help that ends with an example.</summary>
internal sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        var result = help.Invoke(parsed);
        if (Examples(parsed.CommandResult.Command) is { Length: > 0 } examples)
        {
            var output = parsed.InvocationConfiguration.Output;
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (var example in examples) output.WriteLine($"  {example}");
            output.WriteLine();
        }
        return result;
    }

    static string[] Examples(Command command) =>
        command is LedgerCommand one ? [one.Example] : [.. command.Subcommands.SelectMany(Examples)];
}
