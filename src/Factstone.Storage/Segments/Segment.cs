namespace Factstone.Storage;

/// <summary>One open file of the log: its header, and its bytes for whoever reads.</summary>
internal sealed class Segment(IStorageFile file, SegmentHeader header, uint ledgerTag) : IDisposable
{
    /// <summary>A small fact.</summary>
    const int ExpectedBytes = 384;

    long _mappedLength;
    bool _staysMapped;
    long _readableEnd;

    /// <summary>A file that is looked at by itself.</summary>
    public Segment(IStorageFile file, SegmentHeader header) : this(file, header, header.LedgerId.Tag) { }

    public SegmentHeader Header => header;

    public IStorageFile File => file;

    public string Path => file.Path;

    /// <summary>Where every checksum of this segment starts.</summary>
    public uint Seed { get; } = Crc32C.Seed(header.Nonce);

    public uint LedgerTag => ledgerTag;

    public LogPlace PlaceOf(long fileOffset) => new(header.BasePosition, header.Generation, fileOffset);

    /// <summary>The file as memory; null where it is not mapped.</summary>
    public IMappedFile? Mapped { get; private set; }

    /// <summary>Maps it as long as it can become.</summary>
    public void Map(long lengthMax) => Mapped = file.Map(_mappedLength = Math.Max(lengthMax, file.Length));

    /// <summary>Some bytes of the mapped file, fewer only at its end.</summary>
    public ReadOnlySpan<byte> MappedBytes(long fileOffset, int bytes)
    {
        // Beyond the end of the file there is no memory behind the mapping, and a look there ends the process. Space
        // that a sealed segment gives back was never anybody's fact.
        var end = fileOffset + bytes;
        if (end > Volatile.Read(ref _readableEnd)) Volatile.Write(ref _readableEnd, Math.Min(file.Length, _mappedLength));
        var there = Math.Min(end, Volatile.Read(ref _readableEnd)) - fileOffset;
        return there <= 0 ? [] : Mapped!.Bytes(fileOffset, (int)there);
    }

    /// <summary>Bytes from here on will be read soon.</summary>
    public void Expect(long fileOffset) => Mapped!.Expect(fileOffset, ExpectedBytes);

    /// <summary>The file is about to end here.</summary>
    public void Shorten(long length)
    {
        Volatile.Write(ref _readableEnd, 0);
        file.SetLength(length);
    }

    /// <summary>Somebody may still look at what is mapped when the file is closed: the mapping goes when nobody refers to it any more.</summary>
    public void StayMapped() => _staysMapped = true;

    public void Dispose()
    {
        if (!_staysMapped) Mapped?.Dispose();
        file.Dispose();
    }
}
