using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class FactsCommand : LedgerCommand
{
    readonly QueryArgument _query = new();
    readonly Option<string?> _from = new("--from") { HelpName = "@P", Description = "Where to begin, included. [default: the first fact, or with --backward the last]" };
    readonly Option<bool> _backward = new("--backward") { Description = "Newest first." };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "Show at most N." };

    public FactsCommand(CommonOptions common)
        : base("facts", "Shows the facts of the whole ledger, or those that match a query, in the order in which they were recorded.", "factstone facts 'store=orders type=placed,paid' --backward --limit 10", common)
    {
        Arguments.Add(_query);
        Options.Add(_from);
        Options.Add(_backward);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var query = _query.Value(parsed);
        var from = Texts.From(parsed.GetValue(_from));
        var left = parsed.GetValue(_limit) ?? long.MaxValue;
        if (left < 0) throw CliException.Usage($"--limit: {left} is negative; give 0 or more.");

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var dropped = new DroppedNotices(session);
        var reading = new ReadingPastDamage(ledger, dropped.Add);
        if (left > 0)
        {
            await foreach (var fact in reading.LedgerAsync(query, from, parsed.GetValue(_backward), ct))
            {
                session.WriteFact(fact);
                if (--left == 0) break;
            }
        }

        dropped.End();
        reading.ThrowIfDamaged();
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
