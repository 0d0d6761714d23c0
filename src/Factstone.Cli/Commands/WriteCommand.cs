using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class WriteCommand : LedgerCommand
{
    readonly Argument<string> _record = new("STORE/KEY") { Description = "The record; split at the first '/'." };
    readonly Argument<string> _value = new("JSON") { Description = "Its new value; '-' reads standard input, @file a file." };
    readonly AppendOptions _options = new();

    public WriteCommand(CommonOptions common)
        : base("write", "Gives a record a new value; earlier values stay in its history.", """factstone write settings/theme '"dark"' --expect none""", common)
    {
        Arguments.Add(_record);
        Arguments.Add(_value);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var record = Texts.Stream(parsed.GetRequiredValue(_record));
        var condition = Expectation.OfRecord(_options.Expect(parsed), record);
        var json = parsed.GetRequiredValue(_value);
        JsonText.CheckOneStandardInput(json, _options.Metadata(parsed));
        var value = await JsonText.ReadAsync(json, FactLimits.PayloadBytesMax, session.Host, ct);
        var request = new AppendRequest
        {
            Facts = [await _options.ApplyAsync(new NewFact(record, type: null, value), parsed, session.Host, ct)],
            Conditions = _options.Conditions(parsed, condition),
            AppendId = _options.AppendId(parsed),
            OnRepeat = _options.OnRepeat(parsed),
        };

        await using var ledger = await session.OpenAsync(request, ct);
        return AppendAnswer.Write(session, await ledger.TryAppendAsync(request, ct), request.AppendId);
    }
}
