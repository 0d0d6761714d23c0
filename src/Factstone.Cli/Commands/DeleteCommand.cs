using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class DeleteCommand : LedgerCommand
{
    readonly Argument<string> _stream = new("STORE/KEY") { Description = "The stream; split at the first '/'." };
    readonly TruncationOptions _options = new();

    public DeleteCommand(CommonOptions common)
        : base("delete", "Drops all facts of a stream, through its last version, and leaves a receipt. Its versions go on.", "factstone delete orders/42 --reason 'account closed'", common)
    {
        Arguments.Add(_stream);
        _options.AddTo(this);
    }

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct) =>
        _options.RunAsync(parsed, session, Texts.Stream(parsed.GetRequiredValue(_stream)), through: null, ct);
}
