using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class BlobPutCommand : LedgerCommand
{
    const string StandardInput = "-";

    readonly Argument<string> _file = new("FILE") { Description = "The content; '-' reads standard input." };
    readonly Option<string> _mime = new("--mime") { HelpName = "TYPE", Description = "What the content is: a part of the reference.", DefaultValueFactory = _ => BlobReference.MimeDefault };

    public BlobPutCommand(CommonOptions common)
        : base("put", "Stores a file as a blob, and prints its reference. Runs beside a writer.", "factstone blob put photo.png --mime image/png", common)
    {
        Arguments.Add(_file);
        Options.Add(_mime);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var file = parsed.GetRequiredValue(_file);
        var mime = parsed.GetRequiredValue(_mime);
        if (MimeType.Wrong(mime) is { } wrong) throw CliException.Usage($"--mime: {wrong}");

        // The file is opened first, so that no ledger is created for content that does not exist.
        await using var content = Open(file, session.Host);
        await using var blobs = await session.OpenBlobsAsync(ct);
        BlobReference reference;
        using (var progress = new Progress(session.Host))
        {
            await using var counted = new CountedContent(content, new BlobProgress(progress, "Storing", content.CanSeek ? content.Length : null).Report);
            reference = await blobs.PutAsync(counted, mime, ct);
        }

        if (session.IsJson) session.Output.WriteJson(json => BlobJson.Write(json, reference));
        else foreach (var line in BlobText.Fields(reference)) session.Output.WriteLine(line);
        return ExitCodes.Done;
    }

    static Stream Open(string file, CliHost host)
    {
        if (file == StandardInput) return new CancellableInput(host.Input);
        if (file.Length == 0) throw CliException.Usage("The file has no name.");
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CliException.Failed($"'{file}' cannot be read: {failure.Message}", failure);
        }
    }
}
