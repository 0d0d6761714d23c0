using System.IO.Pipelines;

namespace Factstone.Cli.Imports;

/// <summary>Puts the blobs of an export, whose content comes in pieces. A blob that is there already stays, unless it is damaged.</summary>
internal sealed class ExportedBlobs
{
    ExportedPiece? _last;
    Put? _put;

    /// <summary>The number of blobs that were put.</summary>
    public long Count { get; private set; }

    /// <summary>No ledger is created for a blob that does not begin.</summary>
    public static void RefuseUnlessFirst(ExportedPiece piece)
    {
        if (piece.At > 0) throw Misplaced(piece);
    }

    /// <summary>Takes the next piece. With the last one, the blob is durable when this returns.</summary>
    public async ValueTask AddAsync(ExportedPiece piece, IBlobStore blobs, CancellationToken ct)
    {
        var expected = _last is null ? 0 : _last.At + _last.Content.Length;
        if (piece.At != expected || (_last is { } last && last.Cid != piece.Cid) || piece.At + piece.Content.Length > piece.Size || (piece.Content.Length == 0 && piece.Size > 0))
            throw Misplaced(piece);

        if (_last is null) _put = new Put(blobs, isNew: !await blobs.ExistsAsync(piece.Cid, ct), ct);
        if ((await _put!.Content.WriteAsync(piece.Content, ct)).IsCompleted) await _put.Stored; // it has failed: nobody reads on
        _last = piece;
        if (piece.At + piece.Content.Length == piece.Size) await EndAsync(piece);
    }

    /// <summary>Ends a blob that has no further piece. It is not stored.</summary>
    public async ValueTask AbandonAsync()
    {
        if (_last is not { } last) return;
        var incomplete = CliException.Refused($"After line {last.Line}, a part of the blob {last.Cid} is missing.");
        if (_put is not null)
        {
            await _put.Content.CompleteAsync(incomplete);
            await _put.Stored.ContinueWith(static put => put.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        (_last, _put) = (null, null);
        throw incomplete;
    }

    async ValueTask EndAsync(ExportedPiece piece)
    {
        var put = _put;
        (_last, _put) = (null, null);
        if (put is null) return;
        await put.Content.CompleteAsync();
        var stored = await put.Stored;
        if (stored.Cid != piece.Cid) throw CliException.Refused($"The content of the blob {piece.Cid}, up to line {piece.Line}, is another one: {stored.Cid}.");
        if (put.IsNew) Count++;
    }

    static CliException Misplaced(ExportedPiece piece) => CliException.Refused($"Line {piece.Line} is not the next part of a blob. Keep the lines of an export in their order.");

    /// <summary>A put whose content is written meanwhile.</summary>
    sealed class Put
    {
        public Put(IBlobStore blobs, bool isNew, CancellationToken ct)
        {
            var pipe = new Pipe();
            (Content, IsNew) = (pipe.Writer, isNew);
            Stored = StoreAsync(blobs, pipe.Reader, ct);
        }

        /// <summary>Whether the blob was not there.</summary>
        public bool IsNew { get; }

        public PipeWriter Content { get; }

        public Task<BlobReference> Stored { get; }

        static async Task<BlobReference> StoreAsync(IBlobStore blobs, PipeReader content, CancellationToken ct)
        {
            try
            {
                return await blobs.PutAsync(content.AsStream(), cancellationToken: ct);
            }
            finally
            {
                await content.CompleteAsync();
            }
        }
    }
}
