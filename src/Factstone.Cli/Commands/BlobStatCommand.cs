using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class BlobStatCommand : LedgerCommand
{
    readonly Argument<string> _cid = new("CID") { Description = "The name of the blob, as 'blob put' prints it." };
    readonly Option<bool> _verify = new("--verify") { Description = "Also read the content to its end, and verify it." };

    public BlobStatCommand(CommonOptions common)
        : base("stat", "Shows whether there is a blob, and its size.", "factstone blob stat bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq --verify", common)
    {
        Arguments.Add(_cid);
        Options.Add(_verify);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var cid = Texts.Cid(parsed.GetRequiredValue(_cid));
        var verifies = parsed.GetValue(_verify);

        await using var blobs = await session.OpenBlobsReadOnlyAsync(ct);
        await using var content = await blobs.OpenReadAsync(cid, ct);
        using (var progress = new Progress(session.Host))
        {
            await using var counted = new CountedContent(content, new BlobProgress(progress, "Reading", content.Size).Report);
            if (verifies) await counted.CopyToAsync(Stream.Null, ct);
        }

        if (session.IsJson) WriteJson(session, content);
        else foreach (var line in BlobText.Fields(content)) session.Output.WriteLine(line);
        return ExitCodes.Done;
    }

    static void WriteJson(Session session, BlobContent content) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("cid", content.Cid.ToString());
        json.WriteNumber("size", content.Size);
        if (content.IsVerified) json.WriteBoolean("verified", value: true);
        json.WriteEndObject();
    });
}
