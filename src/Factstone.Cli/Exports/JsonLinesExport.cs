using Factstone.Cli.Output;

namespace Factstone.Cli.Exports;

/// <summary>Facts as lines of JSON: the usual JSON of a fact, and the ledger that it is from.</summary>
internal static class JsonLinesExport
{
    /// <summary>The only field of a line besides those of the fact.</summary>
    public const string LedgerField = "ledger";

    /// <summary>Writes to standard output.</summary>
    /// <returns>The number of facts that were written.</returns>
    public static Task<long> WriteAsync(Session session, LedgerId ledger, IAsyncEnumerable<Fact> facts, Position until, CancellationToken ct) =>
        WriteAsync(session, ledger, facts, until, session.Output, ct);

    /// <summary>Writes to a file.</summary>
    /// <returns>The number of facts that were written.</returns>
    public static async Task<long> WriteAsync(Session session, LedgerId ledger, IAsyncEnumerable<Fact> facts, Position until, Stream stream, CancellationToken ct)
    {
        var output = new StandardOutput(stream, isTerminal: false);
        var count = await WriteAsync(session, ledger, facts, until, output, ct);
        output.Flush();
        return count;
    }

    static async Task<long> WriteAsync(Session session, LedgerId ledger, IAsyncEnumerable<Fact> facts, Position until, StandardOutput output, CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        var ledgerText = ledger.ToString();
        var count = 0L;
        await foreach (var fact in facts.WithCancellation(ct))
        {
            if (fact.Position > until) break;
            progress.Report(() => $"Exporting: {count:N0} facts, at @{fact.Position} of {until}");
            output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString(LedgerField, ledgerText);
                FactJson.WriteFields(json, fact);
                json.WriteEndObject();
            });
            count++;
        }

        return count;
    }
}
