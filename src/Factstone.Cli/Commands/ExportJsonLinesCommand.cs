using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Exports;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ExportJsonLinesCommand : LedgerCommand
{
    readonly QueryArgument _query = new();
    readonly Option<string> _out = new("--out") { HelpName = "FILE", Description = "A new file, compressed if its name ends in .gz; '-' is standard output.", DefaultValueFactory = _ => "-" };
    readonly Option<string?> _from = new("--from") { HelpName = "@P", Description = "Where to begin, included. [default: the first fact]" };
    readonly AsOfOption _asOf = new();

    public ExportJsonLinesCommand(CommonOptions common)
        : base("jsonl", "Writes facts as lines of JSON, for 'import jsonl --exported'. Cells are not exported.", "factstone export jsonl --out ledger.jsonl.gz", common)
    {
        Arguments.Add(_query);
        Options.Add(_out);
        Options.Add(_from);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var query = _query.Value(parsed);
        var from = Texts.From(parsed.GetValue(_from));
        var asOf = _asOf.Value(parsed);
        var file = parsed.GetRequiredValue(_out);
        if (file.Length == 0) throw CliException.Usage("--out: the file has no name.");

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var until = (await ledger.ResolveAsync(asOf, ct)).Position;
        var reading = new ReadingPastDamage(ledger);
        var facts = reading.LedgerAsync(query, from, backward: false, ct);
        var count = file == "-"
            ? await JsonLinesExport.WriteAsync(session, ledger.Id, facts, until, ct)
            : await ExportFile.WriteAsync(file, output => JsonLinesExport.WriteAsync(session, ledger.Id, facts, until, output, ct));

        if (file != "-") WriteSummary(session, file, count, until);
        if ((await ledger.GetStatisticsAsync(ct)).Cells is > 0 and var cells) session.Notice($"{cells:N0} {(cells == 1 ? "cell was" : "cells were")} left out: cells are not exported.");
        reading.ThrowIfDamaged();
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }

    static void WriteSummary(Session session, string file, long count, Position until)
    {
        if (session.IsJson)
        {
            session.Output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("file", file);
                json.WriteNumber("facts", count);
                json.WriteNumber("until", until.Value);
                json.WriteEndObject();
            });
            return;
        }

        session.Output.WriteLine(TextFit.Clean($"{Counted.Text(count, "fact")} up to @{until} in {file}."));
    }
}
