namespace Factstone.Storage;

/// <summary>One open file of the log: its header, and its bytes for whoever reads.</summary>
internal sealed class Segment(IStorageFile file, SegmentHeader header, uint ledgerTag) : IDisposable
{
    /// <summary>A file that is looked at by itself.</summary>
    public Segment(IStorageFile file, SegmentHeader header) : this(file, header, header.LedgerId.Tag) { }

    public SegmentHeader Header => header;

    public IStorageFile File => file;

    public string Path => file.Path;

    /// <summary>Where every checksum of this segment starts.</summary>
    public uint Seed { get; } = Crc32C.Seed(header.Nonce);

    public uint LedgerTag => ledgerTag;

    public void Dispose() => file.Dispose();
}
