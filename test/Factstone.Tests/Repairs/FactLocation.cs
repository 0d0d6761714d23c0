using Factstone.Storage;

namespace Factstone.Tests.Repairs;

/// <summary>Finds the place of a fact in a segment file, even if frames before it are damaged.</summary>
internal sealed class FactLocation : IFrameVisitor
{
    readonly Position _position;

    public FactLocation(IFileSystem files, string path, SegmentHeader header, Position position)
    {
        Path = path;
        _position = position;
        using var segment = new Segment(files.Open(path, FileOpening.ReadOnly), header);
        using var window = new FileWindow(64 * 1_024, 64 * 1_024);
        var reader = new FrameReader(segment, window);
        new DamageWalk(reader, this, []).Run(SegmentHeader.Bytes, segment.File.Length, header.BasePosition, position.Next());
        Assert.NotEqual(0, HeaderAt);
    }

    public string Path { get; }

    /// <summary>The offset of one byte of its header.</summary>
    public long HeaderAt { get; private set; }

    /// <summary>The offset of one byte of its salt, the first part of its body.</summary>
    public long BodyAt { get; private set; }

    public void Frame(Segment segment, in FrameHeader header, string? appendId) { }

    public void Cell(Segment segment, long fileOffset, in CellView cell) { }

    public void MarkCellsUnknown() { }

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) { }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position != _position) return;
        var bytes = new byte[FactFormat.PrefixBytesMax];
        segment.File.Read(bytes, fileOffset);
        FactFormat.TryReadLengths(bytes, out var extent);
        HeaderAt = fileOffset + extent.HeaderAt + 3;
        BodyAt = fileOffset + extent.BodyAt + 3;
    }
}
