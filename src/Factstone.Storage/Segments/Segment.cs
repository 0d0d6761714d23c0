namespace Factstone.Storage;

/// <summary>One open file of the log: its header, and its bytes for whoever reads.</summary>
internal sealed class Segment(IStorageFile file, SegmentHeader header, uint ledgerTag) : IDisposable
{
    /// <summary>A small fact.</summary>
    const int ExpectedBytes = 384;

    long _mappedLength;
    bool _staysMapped;
    long _lastingEnd;

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

    /// <summary>Maps it as long as it is expected to become. One large append, or a writer with other options, can make it longer.</summary>
    public void Map(long lengthExpected) => Mapped = file.Map(_mappedLength = Math.Max(lengthExpected, file.Length));

    /// <summary>Whether these bytes are in the mapped part.</summary>
    public bool Maps(long fileOffset, int bytes) => Mapped is not null && fileOffset + bytes <= _mappedLength;

    /// <summary>All below was written, and is there for good: a fact that begins below ends below.</summary>
    /// <remarks>Threads: the one that opens, refreshes or writes, and before anybody looks for what is new.</remarks>
    public void Keep(long end)
    {
        if (end > _lastingEnd) Volatile.Write(ref _lastingEnd, Math.Min(end, _mappedLength));
    }

    /// <summary>The same of what was found in the file, which may have lost its end.</summary>
    public void KeepFound(long end) => Keep(Math.Min(end, file.Length));

    /// <summary>Some bytes of the mapped file, fewer only at the end of what it holds.</summary>
    public ReadOnlySpan<byte> MappedBytes(long fileOffset, int bytes)
    {
        // Beyond the end of the file there is no memory behind the mapping, and a look there, to which damaged lengths
        // lead, ends the process. The file ends earlier whenever its writer, which may be another process, gives back
        // space; so its length says nothing of the next moment, and is asked only where nothing else is known.
        var end = Volatile.Read(ref _lastingEnd);
        if (fileOffset >= end) end = Math.Min(file.Length, _mappedLength);
        var there = Math.Min(end - fileOffset, bytes);
        return there <= 0 ? [] : Mapped!.Bytes(fileOffset, (int)there);
    }

    /// <summary>Bytes from here on will be read soon.</summary>
    public void Expect(long fileOffset) => Mapped!.Expect(fileOffset, ExpectedBytes);

    /// <summary>Somebody may still look at what is mapped when the file is closed: the mapping goes when nobody refers to it any more.</summary>
    public void StayMapped() => _staysMapped = true;

    public void Dispose()
    {
        if (!_staysMapped) Mapped?.Dispose();
        file.Dispose();
    }
}
