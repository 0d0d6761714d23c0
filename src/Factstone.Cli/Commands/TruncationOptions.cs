using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

/// <summary>The options of truncate and delete, and what both do.</summary>
internal sealed class TruncationOptions
{
    readonly Option<string?> _reason = new("--reason") { HelpName = "TEXT", Description = "Why. The receipt keeps it for ever." };
    readonly Option<string?> _by = new("--by") { HelpName = "WHO", Description = "By whom, for the receipt." };
    readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only report what would be dropped." };

    public void AddTo(Command command)
    {
        command.Options.Add(_reason);
        command.Options.Add(_by);
        command.Options.Add(_dryRun);
    }

    public async Task<int> RunAsync(ParseResult parsed, Session session, StreamName stream, StreamVersion? through, CancellationToken ct)
    {
        var isDryRun = parsed.GetValue(_dryRun);
        var reason = parsed.GetValue(_reason) ?? (isDryRun ? "dry run" : throw CliException.Usage("--reason: say why. The receipt keeps it for ever."));
        await using var ledger = isDryRun ? await session.OpenReadOnlyAsync(ct) : await session.OpenForRetractionAsync(ct);
        if (NameCheck.ForAppending(stream) is null && await ledger.GetVersionAsync(stream, cancellationToken: ct) == StreamVersion.None)
            throw CliException.NotFound($"There is no stream {stream}.");

        var receipt = await ledger.TruncateAsync(stream, through, reason, new TruncateOptions { By = parsed.GetValue(_by), DryRun = isDryRun }, ct);
        if (session.IsJson) session.Output.WriteJson(json => ReceiptText.Write(json, receipt));
        else session.Output.WriteLine(TextFit.Clean(ReceiptText.Sentence(receipt, isDryRun)));
        await StoppedReaders.NoticeAsync(session, ledger, receipt, ct);
        return ExitCodes.Done;
    }
}
