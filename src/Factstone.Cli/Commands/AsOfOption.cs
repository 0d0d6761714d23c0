using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

/// <summary><c>--as-of</c>: the point of the read.</summary>
internal sealed class AsOfOption
{
    readonly Option<string?> _asOf = new("--as-of")
    {
        HelpName = "@POSITION|TIME",
        Description = "Read as it was at a position (@7), or recorded by a time (2026-01-31, 2026-01-31T08:15:00Z), both included.",
    };

    public void AddTo(Command command) => command.Options.Add(_asOf);

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_asOf) is not null;

    public LedgerTime Value(ParseResult parsed) => Texts.AsOf(parsed.GetValue(_asOf));

    /// <summary>" as of …" for a message; empty for now.</summary>
    public string Phrase(ParseResult parsed) => parsed.GetValue(_asOf) is { } text ? $" as of {text}" : "";
}
