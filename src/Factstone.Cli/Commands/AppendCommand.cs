using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class AppendCommand : LedgerCommand
{
    readonly Argument<string> _stream = new("STORE/KEY") { Description = "The stream; split at the first '/'." };
    readonly Argument<string> _type = new("TYPE") { Description = "What kind of fact it is." };
    readonly Argument<string> _value = new("JSON") { Description = "Its value; '-' reads standard input, @file a file." };
    readonly AppendOptions _options = new();

    public AppendCommand(CommonOptions common)
        : base("append", "Appends a fact to a stream; durable when the command ends.", """factstone append orders/42 placed '{"total":50}' --expect none --tag vip""", common)
    {
        Arguments.Add(_stream);
        Arguments.Add(_type);
        Arguments.Add(_value);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var stream = Texts.Stream(parsed.GetRequiredValue(_stream));
        var condition = Expectation.OfStream(_options.Expect(parsed), stream);
        var json = parsed.GetRequiredValue(_value);
        JsonText.CheckOneStandardInput(json, _options.Metadata(parsed));
        var value = await JsonText.ReadAsync(json, FactLimits.PayloadBytesMax, session.Host, ct);
        var request = new AppendRequest
        {
            Facts = [await _options.ApplyAsync(new NewFact(stream, parsed.GetRequiredValue(_type), value), parsed, session.Host, ct)],
            Conditions = _options.Conditions(parsed, condition),
            AppendId = _options.AppendId(parsed),
            OnRepeat = _options.OnRepeat(parsed),
        };

        await using var ledger = await session.OpenAsync(request, ct);
        return AppendAnswer.Write(session, await ledger.TryAppendAsync(request, ct), request.AppendId);
    }
}
