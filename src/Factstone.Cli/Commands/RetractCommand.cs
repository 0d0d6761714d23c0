using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class RetractCommand : LedgerCommand
{
    readonly Argument<string> _record = new("STORE/KEY") { Description = "The record; split at the first '/'." };
    readonly AppendOptions _options = new();

    public RetractCommand(CommonOptions common)
        : base("retract", "Records that a record has no value any more; its history stays.", "factstone retract settings/theme --expect 3", common)
    {
        Arguments.Add(_record);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var record = Texts.Stream(parsed.GetRequiredValue(_record));
        var expected = Expectation.OfRecord(_options.Expect(parsed), record);
        var conditions = _options.Conditions(parsed, expected);
        var appendId = _options.AppendId(parsed);
        var onRepeat = _options.OnRepeat(parsed);
        var fact = await _options.ApplyAsync(NewFact.Retraction(record), parsed, session.Host, ct);

        await using var ledger = await session.OpenForRetractionAsync(ct);
        var latest = await ledger.ReadLatestAsync(record, LedgerTime.Latest, ct);
        // On a repeat the record is retracted already: the ledger recognises the repeat by its id.
        var isRepeat = appendId is not null && await ledger.FindAppendAsync(appendId, ct) is not null;
        if (latest is null && !isRepeat) throw CliException.NotFound($"{record} has no value that could be retracted.");

        if (expected is null && latest is not null) conditions = [AppendCondition.RecordAt(record, latest.StreamVersion), .. conditions];
        var outcome = await ledger.TryAppendAsync(new AppendRequest { Facts = [fact], Conditions = conditions, AppendId = appendId, OnRepeat = onRepeat }, ct);
        return AppendAnswer.Write(session, outcome, appendId);
    }
}
