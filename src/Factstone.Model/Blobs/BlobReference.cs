using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>What facts and cells hold of a blob, in place of its bytes: the CID, the size and the mime type. As JSON: <c>{"cid":"bafkrei…","size":1234,"mime":"image/png"}</c>.</summary>
/// <remarks>A store returns it when the blob is durable. So a fact that is appended with it is never durable before its blob.</remarks>
[JsonConverter(typeof(LedgerJsonConverter))]
public sealed record BlobReference
{
    /// <summary>The mime type of content of which nothing else is known.</summary>
    public const string MimeDefault = "application/octet-stream";

    /// <summary>A reference to a blob that is stored already, or will be.</summary>
    /// <param name="cid">The name of the blob.</param>
    /// <param name="size">Bytes of the content, from 0.</param>
    /// <param name="mime">What the content is: type and subtype, 1..255 bytes of ASCII, kept as written. It is part of the reference only: the same blob can be referred to with two.</param>
    /// <exception cref="ArgumentException">The mime type is none or too long, or the size is negative.</exception>
    public BlobReference(Cid cid, long size, string mime = MimeDefault)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(mime);
        if (MimeType.Wrong(mime) is { } wrong) throw new ArgumentException(wrong, nameof(mime));
        (Cid, Size, Mime) = (cid, size, mime);
    }

    /// <summary>The name of the blob.</summary>
    public Cid Cid { get; }

    /// <summary>Bytes of the content.</summary>
    public long Size { get; }

    /// <summary>What the content is.</summary>
    public string Mime { get; }
}
