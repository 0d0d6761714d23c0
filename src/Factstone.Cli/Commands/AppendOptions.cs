using System.CommandLine;
using System.Text;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

/// <summary>The options of <c>append</c>, <c>write</c> and <c>retract</c> for the fields of a fact.</summary>
internal sealed class AppendOptions
{
    readonly Option<string?> _expect = new("--expect") { HelpName = "N|none|exists", Description = "Append only if the stream (or record) is at version N, does not exist, or exists." };
    readonly Option<string[]> _unlessMatch = new("--unless-match") { HelpName = "QUERY", Description = "Append only if no fact matches, such as 'type=enrolled tag=course:c1'; may be given several times.", AllowMultipleArgumentsPerToken = false };
    readonly Option<string?> _after = new("--after") { HelpName = "@P", Description = "With --unless-match: facts up to position P may match. P is the position that you have read to." };
    readonly Option<string?> _appendId = new("--id") { HelpName = "APPENDID", Description = "Your name for this append: a repeat is recognised for ever and adds nothing." };
    readonly RepeatOption _repeat = new();
    readonly Option<string[]> _tags = new("--tag") { HelpName = "T", Description = "A tag; may be given several times.", AllowMultipleArgumentsPerToken = false };
    readonly Option<string?> _validFrom = new("--valid-from") { HelpName = "TIME", Description = "When it begins to hold in the world (UTC if no zone is given)." };
    readonly Option<string?> _validTo = new("--valid-to") { HelpName = "TIME", Description = "When it ceases to hold, exclusive." };
    readonly Option<string?> _cause = new("--cause") { HelpName = "ID", Description = "The id of the fact that caused this one." };
    readonly Option<string?> _correlation = new("--correlation") { HelpName = "TEXT", Description = "Your name for the conversation it belongs to." };
    readonly Option<string?> _metadata = new("--metadata") { HelpName = "JSON", Description = "An object of texts kept beside the value; also '-' or @file." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_expect, _unlessMatch, _after, _appendId, _repeat.Option, _tags, _validFrom, _validTo, _cause, _correlation, _metadata]) command.Options.Add(option);
    }

    public string? Expect(ParseResult parsed) => parsed.GetValue(_expect);

    /// <summary>All conditions: first <c>--expect</c>, then each <c>--unless-match</c>.</summary>
    public AppendCondition[] Conditions(ParseResult parsed, AppendCondition? expectation)
    {
        var queries = parsed.GetValue(_unlessMatch) ?? [];
        var after = parsed.GetValue(_after) is { } text ? Texts.At(text, _after.Name) : (Position?)null;
        if (after is not null && queries.Length == 0) throw CliException.Usage("--after needs --unless-match: it is the position up to which facts may match.");
        return [.. expectation is null ? [] : (AppendCondition[])[expectation], .. queries.Select(query => Unless(query, after))];
    }

    public string? AppendId(ParseResult parsed) => parsed.GetValue(_appendId);

    public RepeatPolicy OnRepeat(ParseResult parsed) => _repeat.Policy(parsed, parsed.GetValue(_appendId) is not null, _appendId.Name);

    public string? Metadata(ParseResult parsed) => parsed.GetValue(_metadata);

    /// <summary>The fact with the fields that the options give.</summary>
    public async ValueTask<NewFact> ApplyAsync(NewFact fact, ParseResult parsed, CliHost host, CancellationToken ct) => fact with
    {
        Tags = parsed.GetValue(_tags) ?? [],
        ValidFrom = Texts.Time(parsed.GetValue(_validFrom), _validFrom.Name),
        ValidTo = Texts.Time(parsed.GetValue(_validTo), _validTo.Name),
        Causation = Texts.Id(parsed.GetValue(_cause), _cause.Name),
        Correlation = parsed.GetValue(_correlation),
        Metadata = parsed.GetValue(_metadata) is { } metadata ? Text(await JsonText.ReadAsync(metadata, FactLimits.MetadataBytesMax, host, ct)) : null,
    };

    AppendCondition Unless(string text, Position? after)
    {
        if (!FactQuery.TryParse(text, out var query, out var error)) throw CliException.Usage($"{_unlessMatch.Name}: {error}");
        return after is { } position ? AppendCondition.NoMatch(query, position) : AppendCondition.NoMatch(query);
    }

    static string Text(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8.Span);
        }
        catch (DecoderFallbackException wrong)
        {
            throw CliException.Refused("The metadata is not UTF-8.", wrong);
        }
    }
}
