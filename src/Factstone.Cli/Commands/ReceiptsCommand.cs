using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ReceiptsCommand : LedgerCommand
{
    readonly Option<bool> _backward = new("--backward") { Description = "Newest first." };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "Show at most N." };

    public ReceiptsCommand(CommonOptions common)
        : base("receipts", "Lists the receipts of truncations, repairs and restores.", "factstone receipts --backward --limit 10", common)
    {
        Options.Add(_backward);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var limit = parsed.GetValue(_limit);
        if (limit < 0) throw CliException.Usage($"--limit: {limit} is negative; give 0 or more.");
        await using var ledger = await session.OpenReadOnlyAsync(ct);
        await foreach (var receipt in ledger.ListReceiptsAsync(new ReadOptions { Backward = parsed.GetValue(_backward), Limit = limit }, ct))
        {
            if (session.IsJson || receipt.Truncation is not { } truncation) session.WriteFact(receipt.Fact);
            else session.Output.WriteLine(TextFit.Clean($"@{receipt.Fact.Position}  {TimeText.Exact(receipt.Fact.RecordedAt)}  {ReceiptText.Line(truncation)}"));
        }

        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
