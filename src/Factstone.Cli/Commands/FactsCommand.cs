using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class FactsCommand : LedgerCommand
{
    readonly Option<string?> _from = new("--from") { HelpName = "@P", Description = "Where to begin, included. [default: the first fact, or with --backward the last]" };
    readonly Option<bool> _backward = new("--backward") { Description = "Newest first." };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "At most so many." };

    public FactsCommand(CommonOptions common)
        : base("facts", "Shows the facts of the whole ledger, in the order in which they were recorded.", "factstone facts --backward --limit 10", common)
    {
        Options.Add(_from);
        Options.Add(_backward);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var from = Texts.From(parsed.GetValue(_from));
        var limit = parsed.GetValue(_limit);
        if (limit < 0) throw CliException.Usage($"--limit: {limit} is less than nothing.");

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var reading = new ReadingPastDamage(ledger);
        await foreach (var fact in reading.LedgerAsync(from, parsed.GetValue(_backward), limit ?? long.MaxValue, ct)) session.WriteFact(fact);

        reading.ThrowIfDamaged();
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
