using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class ListCommand : LedgerCommand
{
    readonly Argument<string> _store = new("STORE") { Description = "The store." };
    readonly Option<string> _prefix = new("--prefix") { HelpName = "P", Description = "Only keys that begin with this.", DefaultValueFactory = _ => "" };
    readonly AsOfOption _asOf = new();

    public ListCommand(CommonOptions common)
        : base("list", "Lists the keys of a store that have a value, with their values, in the order of their bytes.", "factstone list files --prefix src/ --as-of @1000", common)
    {
        Arguments.Add(_store);
        Options.Add(_prefix);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var store = parsed.GetRequiredValue(_store);
        var options = new ListOptions { Prefix = parsed.GetValue(_prefix) ?? "", AsOf = _asOf.Value(parsed) };

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        await foreach (var fact in ledger.ListAsync(store, options, ct))
        {
            if (session.IsJson) session.WriteFact(fact);
            else session.Output.WriteLine(FactText.ListLine(fact, session.Host.Width));
        }
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }
}
