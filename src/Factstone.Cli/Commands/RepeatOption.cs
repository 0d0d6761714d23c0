using System.CommandLine;

namespace Factstone.Cli.Commands;

/// <summary><c>--on-repeat</c>: when an append whose id was used before is a repeat.</summary>
internal sealed class RepeatOption
{
    const string SameId = "same-id";

    readonly Option<string> _onRepeat = new("--on-repeat")
    {
        HelpName = "same-content|same-id",
        Description = "Whether an append whose id was used before is a repeat only with the same content, or always.",
        DefaultValueFactory = _ => "same-content",
    };

    public RepeatOption() => _onRepeat.AcceptOnlyFromAmong("same-content", SameId);

    public Option Option => _onRepeat;

    /// <param name="parsed">The command line.</param>
    /// <param name="hasId">Whether the append has an id; if not, the option is refused.</param>
    /// <param name="idOption">The option that gives the id, for the message.</param>
    public RepeatPolicy Policy(ParseResult parsed, bool hasId, string idOption)
    {
        if (!hasId && parsed.GetResult(_onRepeat) is { Implicit: false }) throw CliException.Usage($"{_onRepeat.Name} needs {idOption}: a repeat is recognised by its id.");
        return parsed.GetValue(_onRepeat) == SameId ? RepeatPolicy.SameId : RepeatPolicy.SameContent;
    }
}
