using System.Buffers;
using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Exports;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class BlobGetCommand : LedgerCommand
{
    const string StandardOutputName = "-";
    const int BufferBytes = 256 * 1_024;

    readonly Argument<string> _cid = new("CID") { Description = "The name of the blob, as 'blob put' prints it." };
    readonly Option<string?> _out = new("--out") { HelpName = "FILE", Description = "A new file for the content; '-' is standard output, which is also the default unless it is a terminal." };

    public BlobGetCommand(CommonOptions common)
        : base("get", "Writes the content of a blob, which is verified, to standard output or a file.", "factstone blob get bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq --out photo.png", common)
    {
        Arguments.Add(_cid);
        Options.Add(_out);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var cid = Texts.Cid(parsed.GetRequiredValue(_cid));
        var file = parsed.GetValue(_out);
        if (file is { Length: 0 }) throw CliException.Usage("--out: the file has no name.");
        if (file is null && session.Output.IsTerminal) throw CliException.Usage("Standard output is a terminal: write the content to a file with --out FILE, or here with --out -.");
        if (file is null or StandardOutputName && session.IsJson) throw CliException.Usage("--json: standard output is either the content or JSON. Write the content to a file with --out FILE.");

        await using var blobs = await session.OpenBlobsReadOnlyAsync(ct);
        await using var content = await blobs.OpenReadAsync(cid, ct);
        using (var shown = new Progress(session.Host))
        {
            var progress = new BlobProgress(shown, "Reading", content.Size);
            if (file is null or StandardOutputName) await CopyAsync(content, bytes => session.Output.WriteBytes(bytes.Span), progress, ct);
            else await ExportFile.WriteAsync(file, output => CopyAsync(content, bytes => output.Write(bytes.Span), progress, ct), isPackedByName: false);
        }

        if (file is not (null or StandardOutputName)) WriteSummary(session, file, content);
        return ExitCodes.Done;
    }

    static async Task<long> CopyAsync(BlobContent content, Action<ReadOnlyMemory<byte>> write, BlobProgress progress, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), ct)) > 0)
            {
                ct.ThrowIfCancellationRequested();
                write(buffer.AsMemory(0, read));
                progress.Report(content.Position);
            }

            return content.Position;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static void WriteSummary(Session session, string file, BlobContent content)
    {
        if (!session.IsJson)
        {
            session.Output.WriteLine(TextFit.Clean($"{content.Size:N0} bytes, verified, in {file}."));
            return;
        }

        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteString("cid", content.Cid.ToString());
            json.WriteNumber("size", content.Size);
            json.WriteEndObject();
        });
    }
}
