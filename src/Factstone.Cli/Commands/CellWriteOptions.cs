using System.CommandLine;

namespace Factstone.Cli.Commands;

/// <summary>The options of <c>cell put</c> and <c>cell delete</c>.</summary>
internal sealed class CellWriteOptions(string expectations)
{
    readonly Option<string?> _expect = new("--expect") { HelpName = expectations, Description = "Write only if the cell is at version N, or has no value." };
    readonly Option<string?> _appendId = new("--id") { HelpName = "APPENDID", Description = "Your name for this append: a repeat is recognised for ever and adds nothing." };
    readonly RepeatOption _repeat = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_expect);
        command.Options.Add(_appendId);
        command.Options.Add(_repeat.Option);
    }

    public string? Expect(ParseResult parsed) => parsed.GetValue(_expect);

    public string? AppendId(ParseResult parsed) => parsed.GetValue(_appendId);

    public RepeatPolicy OnRepeat(ParseResult parsed) => _repeat.Policy(parsed, parsed.GetValue(_appendId) is not null, _appendId.Name);
}
