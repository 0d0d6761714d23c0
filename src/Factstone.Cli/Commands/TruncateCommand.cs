using System.CommandLine;
using Factstone.Cli.Arguments;

namespace Factstone.Cli.Commands;

internal sealed class TruncateCommand : LedgerCommand
{
    readonly Argument<string> _stream = new("STORE/KEY") { Description = "The stream; split at the first '/'." };
    readonly Option<long?> _through = new("--through") { HelpName = "N", Description = "The last version to drop." };
    readonly TruncationOptions _options = new();

    public TruncateCommand(CommonOptions common)
        : base("truncate", "Drops the facts of a stream through a version, and leaves a receipt. Its versions go on.", "factstone truncate orders/42 --through 100 --reason 'older than 30 days' --dry-run", common)
    {
        Arguments.Add(_stream);
        Options.Add(_through);
        _options.AddTo(this);
    }

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var through = parsed.GetValue(_through) ?? throw CliException.Usage("--through: give the last version to drop, such as --through 100. To drop all facts of a stream: factstone delete STORE/KEY");
        return _options.RunAsync(parsed, session, Texts.Stream(parsed.GetRequiredValue(_stream)), new StreamVersion(through), ct);
    }
}
