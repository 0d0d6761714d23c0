using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>Maps each byte of an undamaged segment to its purpose.</summary>
internal sealed class SegmentMap : IFrameVisitor
{
    readonly List<FrameExtent> _frames = [];

    SegmentMap(MemoryFileSystem files, string path, SegmentHeader header)
    {
        Path = path;
        using var file = files.Open(path, FileOpening.ReadOnly);
        using var window = new FileWindow(64 * 1_024, 64 * 1_024);
        End = SegmentWalk.Run(new FrameReader(new Segment(file, header, header.LedgerId.Tag), window), SegmentHeader.Bytes, file.Length, header.BasePosition, this).FileOffset;
    }

    public string Path { get; }

    /// <summary>The end of the last whole frame.</summary>
    public long End { get; }

    public IReadOnlyList<FrameExtent> Frames => _frames;

    public static SegmentMap Of(MemoryFileSystem files, string path)
    {
        var header = SegmentHeader.Read(files.ReadAll(path).AsSpan(0, SegmentHeader.Bytes), out _);
        Assert.NotNull(header);
        return new SegmentMap(files, path, header);
    }

    /// <summary>The fact that contains a byte, or null.</summary>
    public FactInFrame? FactAt(long fileOffset)
    {
        foreach (var frame in _frames)
            foreach (var fact in frame.Facts)
                if (fact.Start <= fileOffset && fileOffset < fact.End) return fact;
        return null;
    }

    /// <summary>The cell that contains a byte, or null.</summary>
    public CellInFrame? CellAt(long fileOffset) => _frames.SelectMany(frame => frame.Cells).FirstOrDefault(cell => cell.Start <= fileOffset && fileOffset < cell.End);

    public void Frame(Segment segment, in FrameHeader header, string? appendId) =>
        _frames.Add(new FrameExtent(header.FileOffset, header.End, header.Kind, header.GroupStart, [], []));

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) { }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        var bytes = new byte[FactFormat.PrefixBytesMax];
        segment.File.Read(bytes, fileOffset);
        Assert.True(FactFormat.TryReadLengths(bytes, out var extent));

        // Four of the eight checksum bytes belong to the header.
        var bodyStart = fileOffset + extent.BodyAt - sizeof(uint);
        _frames[^1].Facts.Add(new FactInFrame(header.Position, _frames[^1].Start, fileOffset, bodyStart, fileOffset + extent.Length));
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => _frames[^1].Cells.Add(new CellInFrame(
        cell.Name, cell.Head.Version, _frames[^1].Start, fileOffset, fileOffset + cell.Extent.ValueAt - sizeof(uint), fileOffset + cell.Extent.Length));

    public void MarkCellsUnknown() => Assert.Fail("A segment that is well misses nothing.");
}

internal sealed record FrameExtent(long Start, long End, FrameKind Kind, long GroupStart, List<FactInFrame> Facts, List<CellInFrame> Cells);

/// <summary>
/// The place of a fact: its lengths, header and header checksum up to <paramref name="BodyStart"/>, then everything that its body needs.
/// </summary>
internal sealed record FactInFrame(Position Position, long FrameStart, long Start, long BodyStart, long End);

/// <summary>
/// The place of a cell: everything but the value and its checksum up to
/// <paramref name="ValueStart"/>, then everything that its value needs.
/// </summary>
internal sealed record CellInFrame(CellName Name, CellVersion Version, long FrameStart, long Start, long ValueStart, long End);
