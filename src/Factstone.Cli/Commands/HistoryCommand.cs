using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class HistoryCommand : LedgerCommand
{
    readonly Argument<string> _stream = new("STORE/KEY") { Description = "The stream; split at the first '/'." };
    readonly StreamRangeOptions _range = new();
    readonly AsOfOption _asOf = new();

    public HistoryCommand(CommonOptions common)
        : base("history", "Shows the facts of a stream, oldest first.", "factstone history orders/42 --since 2026-01-31 --type paid --as-of @1000", common)
    {
        Arguments.Add(_stream);
        _range.AddTo(this);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var stream = Texts.Stream(parsed.GetRequiredValue(_stream));
        var options = _range.Value(parsed) with { AsOf = _asOf.Value(parsed) };

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        DroppedFacts? dropped = null;
        var reading = new ReadingPastDamage(ledger, passed => dropped = passed);
        var isEmpty = true;
        await foreach (var fact in reading.StreamAsync(stream, options, ct))
        {
            session.WriteFact(fact);
            isEmpty = false;
        }

        var isRefused = isEmpty && !(_range.AnyIsGiven(parsed) && await ledger.StreamExistsAsync(stream, options.AsOf, ct));
        if (dropped is not null && !isRefused) new DroppedNotices(session).Add(dropped);
        reading.ThrowIfDamaged();
        if (isRefused) throw CliException.NotFound(dropped is not null ? $"All facts of {stream}{_asOf.Phrase(parsed)} are dropped. The receipt is at @{dropped.Receipt}." : $"There is no stream {stream}{_asOf.Phrase(parsed)}.");
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
