using System.CommandLine;
using System.Globalization;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

/// <summary>The options of <c>history</c> that select facts of a stream.</summary>
internal sealed class StreamRangeOptions
{
    readonly Option<string?> _from = new("--from-version") { HelpName = "N", Description = "Only version N and later." };
    readonly Option<string?> _through = new("--through-version") { HelpName = "N", Description = "Only version N and earlier." };
    readonly Option<string?> _since = new("--since") { HelpName = "TIME", Description = "Only facts recorded at this time or later." };
    readonly Option<string?> _until = new("--until") { HelpName = "TIME", Description = "Only facts recorded by this time, which is included." };
    readonly Option<string?> _validSince = new("--valid-since") { HelpName = "TIME", Description = "Only facts whose valid time begins at this time or later." };
    readonly Option<string?> _validUntil = new("--valid-until") { HelpName = "TIME", Description = "Only facts whose valid time begins by this time, which is included." };
    readonly Option<string[]> _types = new("--type") { HelpName = "T", Description = "Only facts of this type. May be repeated." };

    IReadOnlyList<Option> All => [_from, _through, _since, _until, _validSince, _validUntil, _types];

    public void AddTo(Command command)
    {
        foreach (var option in All) command.Options.Add(option);
    }

    public bool AnyIsGiven(ParseResult parsed) => All.Any(option => parsed.GetResult(option) is not null);

    public StreamReadOptions Value(ParseResult parsed) => new()
    {
        From = Version(parsed, _from) ?? StreamVersion.None,
        Through = Version(parsed, _through),
        RecordedFrom = Texts.Time(parsed.GetValue(_since), _since.Name),
        RecordedThrough = Texts.Time(parsed.GetValue(_until), _until.Name),
        ValidFrom = Texts.Time(parsed.GetValue(_validSince), _validSince.Name),
        ValidThrough = Texts.Time(parsed.GetValue(_validUntil), _validUntil.Name),
        Types = parsed.GetValue(_types) ?? [],
    };

    static StreamVersion? Version(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        return StreamVersion.TryParse(text, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw CliException.Usage($"{option.Name}: '{text}' is not a version: write 7 (whole numbers from 0 to {Position.MaxValue}).");
    }
}
