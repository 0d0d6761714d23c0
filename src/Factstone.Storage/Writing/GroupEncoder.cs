namespace Factstone.Storage;

/// <summary>Turns a group into the bytes of one write.</summary>
internal sealed class GroupEncoder
{
    /// <summary>A buffer larger than this is not kept for the next group.</summary>
    const int KeptBytesMax = 8 * 1_024 * 1_024;

    /// <summary>Version byte, position, version, time and cause at their longest.</summary>
    const int WritersHeaderBytesMax = 64;

    byte[] _buffer = [];

    /// <summary>Encodes for a place in a segment; valid until the next call. Notes in the group where each fact will be.</summary>
    public ReadOnlySpan<byte> Encode(AppendGroup group, Segment segment, long groupStart)
    {
        if (_buffer.Length < group.BytesMax || _buffer.Length > KeptBytesMax) _buffer = new byte[Math.Max(group.BytesMax, 64 * 1_024)];

        var facts = group.Facts;
        var at = 0;
        var fact = 0;
        foreach (ref readonly var accepted in group.Appends)
        {
            var count = accepted.Append.Facts.Length;
            at += EncodeFrame(_buffer.AsSpan(at), accepted, facts.Slice(fact, count), segment, groupStart + at, groupStart);
            fact += count;
        }

        return _buffer.AsSpan(0, at);
    }

    static int EncodeFrame(Span<byte> target, in AcceptedAppend accepted, Span<AcceptedFact> facts, Segment segment, long fileOffset, long groupStart)
    {
        var append = accepted.Append;
        var frame = new FrameBuilder(target, segment, append.AppendIdBytes, facts.Length);
        Span<byte> writers = stackalloc byte[WritersHeaderBytesMax];
        for (var i = 0; i < facts.Length; i++)
        {
            ref readonly var prepared = ref append.Facts[i];
            var header = new HeaderWriter(writers);
            header.Start();
            header.Integer(HeaderField.Position, (ulong)facts[i].State.Position.Value);
            header.Integer(HeaderField.StreamVersion, (ulong)facts[i].State.Version.Value);
            header.Time(HeaderField.RecordedAt, accepted.RecordedAt);
            if (prepared.CausationIndex >= 0)
                header.Id(HeaderField.Causation, FactId.Create(accepted.RecordedAt, facts[prepared.CausationIndex].State.Position, segment.LedgerTag));

            facts[i].FileOffset = fileOffset + frame.Length;
            frame.AddFact(writers[..header.Length], append.Header(prepared), append.Body(prepared), prepared.MetadataLength);
        }

        return frame.Finish(FrameKind.Batch, fileOffset, groupStart, accepted.First, time: 0);
    }
}
