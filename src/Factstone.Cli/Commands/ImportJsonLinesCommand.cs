using System.CommandLine;
using Factstone.Cli.Imports;

namespace Factstone.Cli.Commands;

internal sealed class ImportJsonLinesCommand : LedgerCommand
{
    const int FileBufferBytes = 64 * 1_024;

    readonly Argument<string> _file = new("FILE") { Description = "One JSON object a line, gzip or not; '-' reads standard input." };
    readonly Option<string?> _store = new("--store") { HelpName = "S", Description = "The store to append to." };
    readonly Option<string?> _key = new("--key") { HelpName = "FIELD", Description = "The field that is the key." };
    readonly Option<string?> _type = new("--type") { HelpName = "FIELD", Description = "The field that is the type. [default: no type]" };
    readonly Option<string[]> _value = new("--value") { HelpName = "FIELD,…", Description = "The fields that make up the value. [default: the whole line]" };
    readonly Option<string?> _validFrom = new("--valid-from") { HelpName = "FIELD", Description = "The field that says when it begins to hold: a number, or text by RFC 3339." };
    readonly Option<string> _timeUnit = new("--time-unit") { HelpName = "s|ms|us", Description = "The unit of a number, since 1970 UTC.", DefaultValueFactory = _ => "s" };
    readonly Option<string[]> _tags = new("--tag") { HelpName = "FIELD", Description = "A field whose text, or each text of an array, is a tag; may be given several times." };
    readonly Option<string?> _appendId = new("--append-id") { HelpName = "FIELD", Description = "The field that names the append, so that a second import adds nothing." };
    readonly Option<string> _appendIdPrefix = new("--append-id-prefix") { HelpName = "TEXT", Description = "Is put before that name.", DefaultValueFactory = _ => "" };
    readonly RepeatOption _repeat = new();
    readonly Option<string?> _batchBy = new("--batch-by") { HelpName = "FIELD", Description = "Consecutive lines with the same value here are one append. [default: each line is one]" };
    readonly Option<bool> _exported = new("--exported") { Description = "The lines were written by 'export jsonl' and contain what the other options would say." };
    readonly Option<string?> _retract = new("--retract") { HelpName = "FIELD=VALUE", Description = "A line with this value retracts its key." };

    public ImportJsonLinesCommand(CommonOptions common)
        : base("jsonl", "Imports lines of JSON.", "factstone import jsonl history.jsonl.gz --store files --key path --type op --valid-from at --retract op=deleted", common)
    {
        _timeUnit.AcceptOnlyFromAmong("s", "ms", "us");
        Arguments.Add(_file);
        foreach (var option in (Option[])[_store, _key, _type, _value, _validFrom, _timeUnit, _tags, _appendId, _appendIdPrefix, _repeat.Option, _batchBy, _retract, _exported]) Options.Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var isExported = parsed.GetValue(_exported);
        var options = isExported ? null : Fields(parsed);
        if (isExported && GivenWithExported(parsed) is { } given) throw CliException.Usage($"{given.Name}: the lines of an export already say it. Leave out '{given.Name}', or '--exported'.");

        await using var source = Open(parsed.GetRequiredValue(_file), session.Host);
        const string Waiting = "Waiting for the first line";
        var summary = options is null
            ? await ImportRun.RunExportedAsync(session, ExportedImport.ReadAsync(source, ct), Waiting, ct)
            : await ImportRun.RunAsync(session, JsonLinesImport.ReadAsync(source, options, ct), Waiting, ct);
        summary.WriteTo(session, "batches");
        return ExitCodes.Done;
    }

    Option? GivenWithExported(ParseResult parsed) =>
        ((Option[])[_store, _key, _type, _value, _validFrom, _timeUnit, _tags, _appendId, _appendIdPrefix, _repeat.Option, _batchBy, _retract])
            .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });

    JsonLinesOptions Fields(ParseResult parsed)
    {
        if (parsed.GetValue(_store) is not { } store || parsed.GetValue(_key) is not { } key)
            throw CliException.Usage("Give --store and --key to say where each line goes, or --exported if 'export jsonl' wrote the lines. See 'factstone import jsonl --help'.");
        return new JsonLinesOptions
        {
            Store = store,
            KeyField = key,
            TypeField = parsed.GetValue(_type),
            ValueFields = Fields(parsed.GetValue(_value)),
            ValidFromField = parsed.GetValue(_validFrom),
            TimeUnit = parsed.GetValue(_timeUnit) switch { "ms" => TimeUnit.Milliseconds, "us" => TimeUnit.Microseconds, _ => TimeUnit.Seconds },
            TagFields = Fields(parsed.GetValue(_tags)),
            AppendIdField = parsed.GetValue(_appendId),
            AppendIdPrefix = parsed.GetValue(_appendIdPrefix) ?? "",
            OnRepeat = _repeat.Policy(parsed, parsed.GetValue(_appendId) is not null, _appendId.Name),
            BatchByField = parsed.GetValue(_batchBy),
            Retract = Retraction(parsed.GetValue(_retract)),
        };
    }

    static Stream Open(string file, CliHost host)
    {
        if (file == "-") return host.Input;
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileBufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CliException.Failed($"'{file}' cannot be read: {failure.Message}", failure);
        }
    }

    static string[] Fields(string[]? lists) => [.. (lists ?? []).SelectMany(list => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal)];

    static (string Field, string Value)? Retraction(string? text)
    {
        if (text is null) return null;
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw CliException.Usage($"--retract: '{text}' is not FIELD=VALUE, such as op=deleted.");
    }
}
