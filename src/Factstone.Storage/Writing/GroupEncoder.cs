namespace Factstone.Storage;

/// <summary>Encodes a group into the bytes of one write.</summary>
internal sealed class GroupEncoder(Defect defect)
{
    /// <summary>A buffer larger than this is not kept for the next group.</summary>
    const int KeptBytesMax = 8 * 1_024 * 1_024;

    /// <summary>The longest version byte, position, version, time and cause together.</summary>
    const int WritersHeaderBytesMax = 64;

    byte[] _buffer = [];

    /// <summary>Encodes a group for an offset in a segment, and sets the offset of each append, fact and cell in the group. The result is valid until the next call.</summary>
    public ReadOnlySpan<byte> Encode(AppendGroup group, Segment segment, long groupStart)
    {
        if (_buffer.Length < group.BytesMax || _buffer.Length > KeptBytesMax) _buffer = new byte[Math.Max(group.BytesMax, 64 * 1_024)];

        var facts = group.Facts;
        var cells = group.Cells;
        var at = 0;
        var start = groupStart;
        foreach (ref var accepted in group.Appends)
        {
            accepted.FileOffset = start + at;
            var length = EncodeFrame(_buffer.AsSpan(at), accepted, facts[..accepted.Append.Facts.Length], cells[..accepted.Append.Cells.Length], segment, groupStart);
            if (defect == Defect.GroupStartLate && at == 0) groupStart += length;
            at += length;
            facts = facts[accepted.Append.Facts.Length..];
            cells = cells[accepted.Append.Cells.Length..];
        }

        return _buffer.AsSpan(0, at);
    }

    static int EncodeFrame(Span<byte> target, in AcceptedAppend accepted, Span<AcceptedFact> facts, Span<AcceptedCell> cells, Segment segment, long groupStart)
    {
        var append = accepted.Append;
        var frame = new FrameBuilder(target, segment, append.AppendIdBytes, facts.Length, cells.Length);
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

            facts[i].FileOffset = accepted.FileOffset + frame.Length;
            frame.AddFact(writers[..header.Length], append.Header(prepared), append.Body(prepared), prepared.MetadataLength);
        }

        for (var i = 0; i < cells.Length; i++)
        {
            ref readonly var prepared = ref append.Cells[i];
            var head = new CellHead { BucketLength = prepared.BucketLength, IsDelete = prepared.IsDelete, Version = cells[i].State.Version, RecordedAt = accepted.RecordedAt };
            cells[i].FileOffset = accepted.FileOffset + frame.Length;
            frame.AddCell(head, append.Names(prepared), append.Value(prepared));
        }

        return frame.Finish(FrameKind.Batch, accepted.FileOffset, groupStart, accepted.First, accepted.RecordedAt);
    }
}
