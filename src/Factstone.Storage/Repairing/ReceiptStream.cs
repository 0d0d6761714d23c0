namespace Factstone.Storage;

/// <summary>A reserved stream of receipts, and the frame of such a receipt.</summary>
internal sealed record ReceiptStream(string Key, string Type)
{
    public static readonly ReceiptStream Repair = new("repair", "repaired");
    public static readonly ReceiptStream Restore = new("restore", "restored");

    const string Store = "$receipts";

    readonly byte[] _store = System.Text.Encoding.UTF8.GetBytes(Store);
    readonly byte[] _key = System.Text.Encoding.UTF8.GetBytes(Key);
    readonly byte[] _type = System.Text.Encoding.UTF8.GetBytes(Type);

    public StreamName Name => new(Store, Key);

    /// <summary>Whether a fact is a receipt of this kind.</summary>
    public bool Has(in HeaderView header) => header.Store.SequenceEqual(_store) && header.Key.SequenceEqual(_key);

    /// <summary>Writes the frame with the one fact; returns its length.</summary>
    public int WriteFrame(Span<byte> target, Segment segment, long fileOffset, Position position, StreamVersion version, long recordedAt, ReadOnlySpan<byte> payload, SaltSource salts)
    {
        Span<byte> header = stackalloc byte[128];
        var fields = new HeaderWriter(header);
        fields.Start();
        fields.Integer(HeaderField.Position, (ulong)position.Value);
        fields.Integer(HeaderField.StreamVersion, (ulong)version.Value);
        fields.Time(HeaderField.RecordedAt, recordedAt);
        fields.Bytes(HeaderField.Store, _store);
        fields.Bytes(HeaderField.Key, _key);
        fields.Bytes(HeaderField.Type, _type);

        var body = new byte[FactHash.SaltBytes + payload.Length];
        salts.Fill(body.AsSpan(0, FactHash.SaltBytes));
        payload.CopyTo(body.AsSpan(FactHash.SaltBytes));
        var frame = new FrameBuilder(target, segment, [], factCount: 1);
        frame.AddFact(header[..fields.Length], [], body, metadataLength: 0);
        return frame.Finish(FrameKind.Batch, fileOffset, SegmentHeader.Bytes, position, time: 0);
    }

    /// <summary>An upper bound of the frame's length for a payload.</summary>
    public static int FrameBytesMax(int payloadLength) => payloadLength + 512;
}
