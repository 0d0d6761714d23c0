namespace Factstone.Storage;

/// <summary>Writes what remains of a damaged segment into a new one.</summary>
internal sealed class SegmentRewrite(Segment target)
{
    const int ChunkBytes = 1_024 * 1_024;

    byte[] _buffer = new byte[2 * ChunkBytes];
    int _length;
    long _at = SegmentHeader.Bytes;
    readonly long _time = target.Header.BaseTime;

    /// <summary>The offset of the last frame of lost facts; 0 for none.</summary>
    public long LastLost { get; private set; }

    /// <summary>The end of what was written so far.</summary>
    public long End => _at + _length;

    /// <summary>Writes all pieces, but syncs nothing.</summary>
    /// <param name="pieces">In order.</param>
    /// <param name="source">Reads the damaged file; null if there is none.</param>
    public void Write(IReadOnlyList<SegmentPiece> pieces, FrameReader? source)
    {
        foreach (var piece in pieces)
        {
            switch (piece)
            {
                case SegmentPiece.WholeFrames whole: WriteFrames(whole, source!); break;
                case SegmentPiece.Facts facts: WriteFacts(facts, source!); break;
                case SegmentPiece.Lost lost: WriteLost(lost.Frame); break;
            }
        }

        Flush();
    }

    void WriteFrames(SegmentPiece.WholeFrames whole, FrameReader source)
    {
        for (var at = whole.From; at < whole.To;)
        {
            if (!source.TryReadHeader(at, out var header) || !source.IsWhole(header))
                throw new LedgerDamagedException("The repair was stopped, and nothing is repaired.", [new Damage(source.Segment.Path, at, Position.None, Position.None, "A frame that was whole at the beginning of the repair is damaged now.")]);
            var bytes = source.Bytes(header);
            if (header.Kind == FrameKind.Lost) WriteLost(LostFormat.Read(bytes, header, source.Segment.Seed)!);
            else Added(FrameCopy.Write(header, bytes, Room(header.FrameBytes), target, End, groupStart: End));
            at = header.End;
        }
    }

    void WriteFacts(SegmentPiece.Facts facts, FrameReader source)
    {
        var end = source.Segment.Length;
        var bytes = FrameFormat.HeaderBytes(FactLimits.AppendIdBytesMax, facts.FileOffsets.Count) + FrameFormat.TrailerBytes + FrameFormat.Alignment;
        foreach (var fileOffset in facts.FileOffsets) bytes += LengthAt(source, fileOffset, end);
        foreach (var cell in facts.Cells) bytes += cell.Bytes;

        var appendId = facts.AppendId is { } id ? System.Text.Encoding.UTF8.GetBytes(id) : [];
        var frame = new FrameBuilder(Room(bytes), target, appendId, facts.FileOffsets.Count, facts.Cells.Count);
        foreach (var fileOffset in facts.FileOffsets) FrameCopy.AddFact(ref frame, source.BytesAt(fileOffset, LengthAt(source, fileOffset, end), end));
        foreach (var cell in facts.Cells) FrameCopy.AddCell(ref frame, source.BytesAt(cell.FileOffset, cell.Bytes, end), cell.IsLost);
        Added(frame.Finish(FrameKind.Batch, End, groupStart: End, facts.First, facts.Cells.Count > 0 ? facts.Cells[0].RecordedAt : 0));
    }

    void WriteLost(LostFrame lost)
    {
        lost = lost with { PreviousLost = LastLost };
        LastLost = End;
        Added(LostFormat.Write(Room(LostFormat.FrameBytes(lost)), lost, target, End, _time));
    }

    static int LengthAt(FrameReader source, long fileOffset, long end)
    {
        FactFormat.TryReadLengths(source.BytesAt(fileOffset, FactFormat.PrefixBytesMax, end), out var extent);
        return extent.Length;
    }

    /// <summary>Space for the next frame. This may flush the buffer, so an earlier length is not valid any more.</summary>
    Span<byte> Room(int bytes)
    {
        if (_length + bytes > _buffer.Length) Flush();
        if (bytes > _buffer.Length) _buffer = new byte[bytes];
        return _buffer.AsSpan(_length);
    }

    void Added(int bytes) => _length += bytes;

    void Flush()
    {
        if (_length == 0) return;
        target.File.Write(_buffer.AsSpan(0, _length), _at);
        _at += _length;
        _length = 0;
    }
}
