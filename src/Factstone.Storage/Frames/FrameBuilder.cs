using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes one frame: facts and cells first, then the header in front of them, then padding and trailer.</summary>
internal ref struct FrameBuilder
{
    readonly Span<byte> _target;
    readonly Segment _segment;
    readonly ReadOnlySpan<byte> _appendId;
    readonly int _factCount;
    readonly int _cellCount;
    int _at;
    uint _trailer;

    public FrameBuilder(Span<byte> target, Segment segment, ReadOnlySpan<byte> appendId, int factCount, int cellCount = 0)
    {
        _target = target;
        _segment = segment;
        _appendId = appendId;
        _factCount = factCount;
        _cellCount = cellCount;
        _at = FrameFormat.HeaderBytes(appendId.Length, factCount);
        _trailer = segment.Seed;
    }

    /// <summary>The offset of the next fact or cell, from the beginning of the frame.</summary>
    public readonly int Length => _at;

    public void AddFact(scoped ReadOnlySpan<byte> writersHeader, scoped ReadOnlySpan<byte> callersHeader, scoped ReadOnlySpan<byte> body, int metadataLength) =>
        _at += FactFormat.Write(_target[_at..], writersHeader, callersHeader, body, metadataLength, _segment.Seed, ref _trailer);

    /// <summary>Cells come after the facts.</summary>
    public void AddCell(in CellHead cell, scoped ReadOnlySpan<byte> names, scoped ReadOnlySpan<byte> value) =>
        _at += CellFormat.Write(_target[_at..], cell, names, value, _segment.Seed, ref _trailer);

    /// <summary>Returns the length of the whole frame.</summary>
    /// <param name="kind">The kind of frame.</param>
    /// <param name="fileOffset">The offset at which it is written.</param>
    /// <param name="groupStart">The offset at which the write of its group begins.</param>
    /// <param name="basePosition">The position of its first fact.</param>
    /// <param name="time">Only stored in a frame without facts: its RecordedAt, or in a mark that of the last append before it.</param>
    public int Finish(FrameKind kind, long fileOffset, long groupStart, Position basePosition, long time)
    {
        var frameBytes = FrameFormat.Padded(_at + FrameFormat.TrailerBytes);
        var header = new FrameHeader
        {
            Kind = kind,
            FrameBytes = frameBytes,
            LedgerTag = _segment.LedgerTag,
            FactCount = _factCount,
            CellCount = _cellCount,
            FileOffset = fileOffset,
            GroupStart = groupStart,
            BasePosition = basePosition,
            Time = time,
        };
        var checksum = FrameFormat.WriteHeader(_target, header, _appendId, _segment.Seed);
        var padding = _target[_at..(frameBytes - FrameFormat.TrailerBytes)];
        padding.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(_target[(frameBytes - FrameFormat.TrailerBytes)..], FrameFormat.Trailer(_trailer, checksum, padding));
        return frameBytes;
    }
}
