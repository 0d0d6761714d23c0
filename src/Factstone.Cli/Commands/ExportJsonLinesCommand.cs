using System.CommandLine;
using System.Runtime.ExceptionServices;
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
    readonly Option<bool> _factsOnly = new("--facts-only") { Description = "Leaves out cells and blobs." };

    public ExportJsonLinesCommand(CommonOptions common)
        : base("jsonl", "Writes facts, cells and blobs as lines of JSON, for 'import jsonl --exported'. With a query, --from or --as-of, only facts.", "factstone export jsonl --out ledger.jsonl.gz", common)
    {
        Arguments.Add(_query);
        Options.Add(_out);
        Options.Add(_from);
        _asOf.AddTo(this);
        Options.Add(_factsOnly);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var query = _query.Value(parsed);
        var from = Texts.From(parsed.GetValue(_from));
        var asOf = _asOf.Value(parsed);
        var file = parsed.GetRequiredValue(_out);
        var isWhole = query.IsAll && from == Position.None && !_asOf.IsGiven(parsed) && !parsed.GetValue(_factsOnly);
        if (file.Length == 0) throw CliException.Usage("--out: the file has no name.");

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var until = (await ledger.ResolveAsync(asOf, ct)).Position;
        var dropped = new DroppedNotices(session);
        var reading = new ReadingPastDamage(ledger, dropped.Add);
        var facts = reading.LedgerAsync(query, from, backward: false, ct);
        var counts = default(ExportCounts);
        LedgerDamagedException? damaged = null;
        if (file == "-") counts = await WriteAsync(session.Output);
        else await ExportFile.WriteAsync(file, WriteFileAsync, isPackedByName: true);

        if (file != "-") WriteSummary(session, file, counts, until);
        if (!isWhole) await NoticeLeftOutAsync(session, ledger, ct);
        dropped.End();
        reading.ThrowIfDamaged();
        if (damaged is not null) ExceptionDispatchInfo.Throw(damaged);
        session.NoticeDamage(ledger);
        return ExitCodes.Done;

        async Task<long> WriteFileAsync(Stream stream)
        {
            var output = new StandardOutput(stream, isTerminal: false);
            counts = await WriteAsync(output);
            output.Flush();
            return counts.Facts;
        }

        async Task<ExportCounts> WriteAsync(StandardOutput output)
        {
            var export = new JsonLinesExport(session, ledger, output);
            if (isWhole) await export.WriteBlobsAsync(ct);
            await export.WriteFactsAsync(facts, until, ct);
            try
            {
                if (isWhole) await export.WriteCellsAsync(ct);
            }
            catch (LedgerDamagedException found)
            {
                damaged = found; // like damaged facts, the cells that cannot be read are left out and reported at the end
            }

            return export.Counts;
        }
    }

    static async Task NoticeLeftOutAsync(Session session, Ledger ledger, CancellationToken ct)
    {
        var cells = (await ledger.ListBucketsAsync(ct).AnyAsync(ct)) ? "cells" : null;
        var blobs = (await ledger.Blobs.ListAsync(ct).AnyAsync(ct)) ? "blobs" : null;
        if ((cells ?? blobs) is { } first) session.Notice($"{(cells is not null && blobs is not null ? "cells and blobs" : first)} were left out: only a whole export has them.");
    }

    static void WriteSummary(Session session, string file, ExportCounts counts, Position until)
    {
        if (session.IsJson)
        {
            session.Output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("file", file);
                json.WriteNumber("facts", counts.Facts);
                json.WriteNumber("cells", counts.Cells);
                json.WriteNumber("blobs", counts.Blobs);
                json.WriteNumber("until", until.Value);
                json.WriteEndObject();
            });
            return;
        }

        var others = $"{(counts.Cells > 0 ? $", {Counted.Text(counts.Cells, "cell")}" : "")}{(counts.Blobs > 0 ? $", {Counted.Text(counts.Blobs, "blob")}" : "")}";
        session.Output.WriteLine(TextFit.Clean($"{Counted.Text(counts.Facts, "fact")} up to @{until}{others} in {file}."));
    }
}
