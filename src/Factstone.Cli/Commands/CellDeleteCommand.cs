using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class CellDeleteCommand : LedgerCommand
{
    readonly Argument<string> _cell = new("BUCKET/NAME") { Description = "The cell; split at the first '/'." };
    readonly CellWriteOptions _options = new("N");

    public CellDeleteCommand(CommonOptions common)
        : base("delete", "Removes the value of a cell; its version counts on.", "factstone cell delete settings/theme --expect 3", common)
    {
        Arguments.Add(_cell);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var name = Texts.Cell(parsed.GetRequiredValue(_cell));
        var expected = Expectation.OfCell(_options.Expect(parsed), name);
        var appendId = _options.AppendId(parsed);
        var onRepeat = _options.OnRepeat(parsed);

        await using var ledger = await session.OpenForRetractionAsync(ct);
        var cell = await ledger.ReadCellAsync(name.Bucket, name.Name, ct);
        // On a repeat the cell is deleted already: the ledger recognises the repeat by its id.
        var isRepeat = appendId is not null && await ledger.FindAppendAsync(appendId, ct) is not null;
        if (cell is null && !isRepeat) throw CliException.NotFound($"The cell {name} has no value that could be deleted.");

        var condition = expected ?? (cell is null ? null : AppendCondition.CellAt(name.Bucket, name.Name, cell.Version));
        var request = new AppendRequest { Cells = [NewCell.Delete(name.Bucket, name.Name)], Conditions = condition is null ? [] : [condition], AppendId = appendId, OnRepeat = onRepeat };
        return AppendAnswer.Write(session, await ledger.TryAppendAsync(request, ct), appendId);
    }
}
