using Factstone.Cli.Output;

namespace Factstone.Cli.Exports;

/// <summary>A ledger as lines of JSON: blobs in pieces, then facts, then cells. So a fact is never imported before its blob, and a cell never before its fact. Beside a writer, a cell can be newer than the facts.</summary>
/// <param name="session">Who is told how far it is.</param>
/// <param name="ledger">The ledger.</param>
/// <param name="output">Where the lines go.</param>
internal sealed class JsonLinesExport(Session session, Ledger ledger, StandardOutput output)
{
    /// <summary>The field that every line begins with.</summary>
    public const string LedgerField = "ledger";

    /// <summary>The field of the lines of a blob: its CID.</summary>
    public const string BlobField = "blob";

    /// <summary>The field of the line of a cell.</summary>
    public const string CellField = "cell";

    /// <summary>Content of a blob in one line.</summary>
    const int PieceBytes = 256 * 1_024;

    readonly string _ledger = ledger.Id.ToString();

    /// <summary>What was written.</summary>
    public ExportCounts Counts { get; private set; }

    /// <summary>Writes every blob, in lines of at most 256 KiB of content; an empty one has one line.</summary>
    /// <exception cref="BlobDamagedException">Content is damaged. It is found out before the last line of the blob.</exception>
    public async Task WriteBlobsAsync(CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        var piece = new byte[PieceBytes];
        await foreach (var blob in ledger.Blobs.ListAsync(ct))
        {
            await using var content = await ledger.Blobs.OpenReadAsync(blob.Cid, ct);
            var at = 0L;
            do
            {
                var length = await content.ReadAtLeastAsync(piece, PieceBytes, throwOnEndOfStream: false, ct);
                WritePiece(blob, at, piece.AsSpan(0, length));
                at += length;
                progress.Report(() => $"Exporting: {Counts.Blobs:N0} blobs, at {at:N0} of {blob.Size:N0} bytes of {blob.Cid}");
            }
            while (at < blob.Size);
            Counts = Counts with { Blobs = Counts.Blobs + 1 };
        }
    }

    /// <summary>Writes facts up to a position.</summary>
    public async Task WriteFactsAsync(IAsyncEnumerable<Fact> facts, Position until, CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        await foreach (var fact in facts.WithCancellation(ct))
        {
            if (fact.Position > until) break;
            progress.Report(() => $"Exporting: {Counts.Facts:N0} facts, at @{fact.Position} of {until}");
            output.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString(LedgerField, _ledger);
                FactJson.WriteFields(json, fact);
                json.WriteEndObject();
            });
            Counts = Counts with { Facts = Counts.Facts + 1 };
        }
    }

    /// <summary>Writes every cell that has a value, but for Factstone's own.</summary>
    public async Task WriteCellsAsync(CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        await foreach (var bucket in ledger.ListBucketsAsync(ct))
        {
            await foreach (var cell in ledger.ListCellsAsync(bucket, cancellationToken: ct))
            {
                progress.Report(() => $"Exporting: {Counts.Cells:N0} cells, at {bucket}");
                output.WriteJson(json =>
                {
                    json.WriteStartObject();
                    json.WriteString(LedgerField, _ledger);
                    json.WritePropertyName(CellField);
                    CellJson.Write(json, cell);
                    json.WriteEndObject();
                });
                Counts = Counts with { Cells = Counts.Cells + 1 };
            }
        }
    }

    void WritePiece(BlobStat blob, long at, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString(LedgerField, _ledger);
            json.WriteString(BlobField, blob.Cid.ToString());
            json.WriteNumber("size", blob.Size);
            json.WriteNumber("at", at);
            json.WriteBase64String("contentBase64", bytes);
            json.WriteEndObject();
        });
    }
}

/// <summary>How much was exported.</summary>
internal readonly record struct ExportCounts(long Facts, long Cells, long Blobs);
