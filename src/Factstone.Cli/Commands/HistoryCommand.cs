using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class HistoryCommand : LedgerCommand
{
    readonly Argument<string> _stream = new("STORE/KEY") { Description = "The stream; split at the first '/'." };
    readonly AsOfOption _asOf = new();

    public HistoryCommand(CommonOptions common)
        : base("history", "Shows every fact of a stream, oldest first.", "factstone history orders/42 --as-of @1000", common)
    {
        Arguments.Add(_stream);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var stream = Texts.Stream(parsed.GetRequiredValue(_stream));
        var asOf = _asOf.Value(parsed);

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var reading = new ReadingPastDamage(ledger);
        var isEmpty = true;
        await foreach (var fact in reading.StreamAsync(stream, asOf, ct))
        {
            session.WriteFact(fact);
            isEmpty = false;
        }

        reading.ThrowIfDamaged();
        if (isEmpty) throw CliException.NotFound($"There is no stream {stream}{_asOf.Phrase(parsed)}.");
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
