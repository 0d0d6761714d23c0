using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class CellPutCommand : LedgerCommand
{
    readonly Argument<string> _cell = new("BUCKET/NAME") { Description = "The cell; split at the first '/'." };
    readonly Argument<string> _value = new("VALUE") { Description = "Its new value, any text or bytes; '-' reads standard input, @file a file." };
    readonly CellWriteOptions _options = new("N|none");

    public CellPutCommand(CommonOptions common)
        : base("put", "Gives a cell a value; its earlier value is not kept.", "factstone cell put settings/theme dark --expect none", common)
    {
        Arguments.Add(_cell);
        Arguments.Add(_value);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var cell = Texts.Cell(parsed.GetRequiredValue(_cell));
        var condition = Expectation.OfCell(_options.Expect(parsed), cell);
        var value = await JsonText.ReadAsync(parsed.GetRequiredValue(_value), FactLimits.CellValueBytesMax, session.Host, ct, mayBeEmpty: true);
        var request = new AppendRequest
        {
            Cells = [NewCell.Put(cell.Bucket, cell.Name, value)],
            Conditions = condition is null ? [] : [condition],
            AppendId = _options.AppendId(parsed),
            OnRepeat = _options.OnRepeat(parsed),
        };

        await using var ledger = await session.OpenAsync(request, ct);
        return AppendAnswer.Write(session, await ledger.TryAppendAsync(request, ct), request.AppendId);
    }
}
