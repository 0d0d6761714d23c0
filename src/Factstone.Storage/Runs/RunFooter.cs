using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The last bytes of a run: its range, and the offset of each of its tables. See docs/format.md, "Run".</summary>
internal sealed record RunFooter
{
    /// <summary>"FACTRUN1" in ASCII, read as a little-endian number.</summary>
    const ulong Magic = 0x314E555254434146;

    public const int Format = 4;

    const int MagicAt = 0;
    const int FormatAt = MagicAt + sizeof(ulong);
    const int EpochAt = FormatAt + sizeof(uint);
    const int LedgerIdAt = EpochAt + sizeof(uint);
    const int FirstAt = LedgerIdAt + 16;
    const int LastAt = FirstAt + sizeof(ulong);
    const int StartBaseAt = LastAt + sizeof(ulong);
    const int StartGenerationAt = StartBaseAt + sizeof(ulong);
    const int StartOffsetAt = StartGenerationAt + sizeof(uint);
    const int EndBaseAt = StartOffsetAt + sizeof(uint);
    const int EndGenerationAt = EndBaseAt + sizeof(ulong);
    const int EndOffsetAt = EndGenerationAt + sizeof(uint);
    const int FirstTimeAt = EndOffsetAt + sizeof(uint);
    const int LastTimeAt = FirstTimeAt + sizeof(long);
    const int TermsAt = LastTimeAt + sizeof(long);
    const int StreamsAt = TermsAt + sizeof(ulong);
    const int AppendIdsAt = StreamsAt + sizeof(ulong);
    const int CellsAt = AppendIdsAt + sizeof(ulong);
    const int SegmentCountAt = CellsAt + sizeof(ulong);
    const int TimeCountAt = SegmentCountAt + sizeof(ulong);
    const int BlockCountAt = TimeCountAt + sizeof(ulong);
    const int BucketCountAt = BlockCountAt + sizeof(ulong);
    const int SegmentsAtAt = BucketCountAt + sizeof(ulong);
    const int TimesAtAt = SegmentsAtAt + sizeof(ulong);
    const int BlocksAtAt = TimesAtAt + sizeof(ulong);
    const int BucketsAtAt = BlocksAtAt + sizeof(ulong);
    const int StreamTermsAt = BucketsAtAt + sizeof(ulong);
    const int StreamBucketCountAt = StreamTermsAt + sizeof(ulong);
    const int StreamBucketsAtAt = StreamBucketCountAt + sizeof(ulong);
    const int TimeFencesAtAt = StreamBucketsAtAt + sizeof(ulong);
    const int ChecksumsAtAt = TimeFencesAtAt + sizeof(ulong);
    const int EndNonceAt = ChecksumsAtAt + sizeof(ulong);
    const int EndChecksumAt = EndNonceAt + sizeof(ulong);
    const int ChecksumsChecksumAt = EndChecksumAt + sizeof(uint);
    const int ReservedAt = ChecksumsChecksumAt + sizeof(uint);
    const int ChecksumAt = ReservedAt + sizeof(uint);

    public const int Bytes = ChecksumAt + sizeof(uint);

    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>The position of the first fact. The run covers all facts from here …</summary>
    public required Position First { get; init; }

    /// <summary>… to here, and it ends with an append. If it contains only cells and append ids, this is the position before the first.</summary>
    public required Position Last { get; init; }

    /// <summary>The start of its part of the log, which is the end of the part of the run before it; default for the beginning of the log.</summary>
    public required LogLocation Start { get; init; }

    /// <summary>The location in the log after its last append.</summary>
    public required LogLocation End { get; init; }

    /// <summary>The mark of the log right before <see cref="End"/>. It shows that the run does not belong to a log that continued differently.</summary>
    public required LogMark EndMark { get; init; }

    /// <summary>The RecordedAt of its first fact; the largest number if it has no fact.</summary>
    public required long FirstTime { get; init; }

    /// <summary>The last RecordedAt up to <see cref="End"/>.</summary>
    public required long LastTime { get; init; }

    public required long Terms { get; init; }

    /// <summary>The number of streams that begin in it.</summary>
    public required long Streams { get; init; }

    public required long AppendIds { get; init; }

    /// <summary>The number of cells, deleted ones included.</summary>
    public required long Cells { get; init; }

    public required long SegmentCount { get; init; }

    public required long TimeCount { get; init; }

    public required long BlockCount { get; init; }

    /// <summary>The number of buckets of fingerprints of all terms except streams.</summary>
    public required long BucketCount { get; init; }

    public required long SegmentsAt { get; init; }

    public required long TimesAt { get; init; }

    /// <summary>The offset of the fences: the times of every 64th row, in a table of their own.</summary>
    public required long TimeFencesAt { get; init; }

    public required long BlocksAt { get; init; }

    public required long BucketsAt { get; init; }

    /// <summary>The number of terms that are streams, whether or not they begin in this run.</summary>
    public required long StreamTerms { get; init; }

    public required long StreamBucketCount { get; init; }

    public required long StreamBucketsAt { get; init; }

    public required long ChecksumsAt { get; init; }

    /// <summary>The checksum of the checksums of the blocks.</summary>
    public required uint ChecksumsChecksum { get; init; }

    public long Facts => Last.Value - First.Value + 1;

    /// <summary>The fingerprints of streams.</summary>
    public BucketTable StreamBuckets => new(BucketShape.OfStreams, StreamBucketsAt, StreamBucketCount, BucketShape.OfStreams.FirstBuckets(StreamTerms));

    /// <summary>The fingerprints of all other terms.</summary>
    public BucketTable OtherBuckets => new(BucketShape.OfOthers, BucketsAt, BucketCount, BucketShape.OfOthers.FirstBuckets(Terms - StreamTerms));

    /// <summary>The number of facts, of cells or of append ids, whichever is largest.</summary>
    public long Items => Math.Max(Facts, Math.Max(Cells, AppendIds));

    /// <summary>The size of the checksums of the blocks.</summary>
    public long ChecksumsBytes => RunFormat.BlocksIn(ChecksumsAt) * sizeof(uint);

    /// <summary>The size of the file.</summary>
    public long FileBytes => ChecksumsAt + ChecksumsBytes + Bytes;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target[MagicAt..], Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FormatAt..], Format);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EpochAt..], (uint)Epoch);
        LedgerId.Value.TryWriteBytes(target[LedgerIdAt..], bigEndian: true, out _);
        WriteLong(target, FirstAt, First.Value);
        WriteLong(target, LastAt, Last.Value);
        WriteLong(target, StartBaseAt, Start.Base.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[StartGenerationAt..], (uint)Start.Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(target[StartOffsetAt..], (uint)Start.FileOffset);
        WriteLong(target, EndBaseAt, End.Base.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EndGenerationAt..], (uint)End.Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EndOffsetAt..], (uint)End.FileOffset);
        WriteLong(target, FirstTimeAt, FirstTime);
        WriteLong(target, LastTimeAt, LastTime);
        WriteLong(target, TermsAt, Terms);
        WriteLong(target, StreamsAt, Streams);
        WriteLong(target, AppendIdsAt, AppendIds);
        WriteLong(target, CellsAt, Cells);
        WriteLong(target, SegmentCountAt, SegmentCount);
        WriteLong(target, TimeCountAt, TimeCount);
        WriteLong(target, BlockCountAt, BlockCount);
        WriteLong(target, BucketCountAt, BucketCount);
        WriteLong(target, SegmentsAtAt, SegmentsAt);
        WriteLong(target, TimesAtAt, TimesAt);
        WriteLong(target, BlocksAtAt, BlocksAt);
        WriteLong(target, BucketsAtAt, BucketsAt);
        WriteLong(target, StreamTermsAt, StreamTerms);
        WriteLong(target, StreamBucketCountAt, StreamBucketCount);
        WriteLong(target, StreamBucketsAtAt, StreamBucketsAt);
        WriteLong(target, TimeFencesAtAt, TimeFencesAt);
        WriteLong(target, ChecksumsAtAt, ChecksumsAt);
        BinaryPrimitives.WriteUInt64LittleEndian(target[EndNonceAt..], EndMark.Nonce);
        BinaryPrimitives.WriteUInt32LittleEndian(target[EndChecksumAt..], EndMark.Checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ReservedAt..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumsChecksumAt..], ChecksumsChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[ChecksumAt..], Crc32C.Of(target[..ChecksumAt]));
    }

    /// <summary>Reads a footer; null if the bytes are not one, or one of another format. Such a run is rebuilt.</summary>
    public static RunFooter? Read(ReadOnlySpan<byte> source)
    {
        if (source.Length != Bytes || BinaryPrimitives.ReadUInt64LittleEndian(source[MagicAt..]) != Magic) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]) != Crc32C.Of(source[..ChecksumAt])) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[FormatAt..]) != Format) return null;
        return new RunFooter
        {
            LedgerId = new LedgerId(new Guid(source.Slice(LedgerIdAt, 16), bigEndian: true)),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(source[EpochAt..]),
            First = new Position(ReadLong(source, FirstAt)),
            Last = new Position(ReadLong(source, LastAt)),
            Start = ReadLocation(source, StartBaseAt),
            End = ReadLocation(source, EndBaseAt),
            FirstTime = ReadLong(source, FirstTimeAt),
            LastTime = ReadLong(source, LastTimeAt),
            Terms = ReadLong(source, TermsAt),
            Streams = ReadLong(source, StreamsAt),
            AppendIds = ReadLong(source, AppendIdsAt),
            Cells = ReadLong(source, CellsAt),
            SegmentCount = ReadLong(source, SegmentCountAt),
            TimeCount = ReadLong(source, TimeCountAt),
            BlockCount = ReadLong(source, BlockCountAt),
            BucketCount = ReadLong(source, BucketCountAt),
            SegmentsAt = ReadLong(source, SegmentsAtAt),
            TimesAt = ReadLong(source, TimesAtAt),
            BlocksAt = ReadLong(source, BlocksAtAt),
            BucketsAt = ReadLong(source, BucketsAtAt),
            StreamTerms = ReadLong(source, StreamTermsAt),
            StreamBucketCount = ReadLong(source, StreamBucketCountAt),
            StreamBucketsAt = ReadLong(source, StreamBucketsAtAt),
            TimeFencesAt = ReadLong(source, TimeFencesAtAt),
            ChecksumsAt = ReadLong(source, ChecksumsAtAt),
            EndMark = new LogMark(BinaryPrimitives.ReadUInt64LittleEndian(source[EndNonceAt..]), BinaryPrimitives.ReadUInt32LittleEndian(source[EndChecksumAt..])),
            ChecksumsChecksum = BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumsChecksumAt..]),
        };
    }

    static LogLocation ReadLocation(ReadOnlySpan<byte> source, int at) => new(
        new Position(ReadLong(source, at)),
        (int)BinaryPrimitives.ReadUInt32LittleEndian(source[(at + sizeof(ulong))..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[(at + sizeof(ulong) + sizeof(uint))..]));

    static void WriteLong(Span<byte> target, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(target[at..], value);

    static long ReadLong(ReadOnlySpan<byte> source, int at) => BinaryPrimitives.ReadInt64LittleEndian(source[at..]);
}

/// <summary>A location in the log: a segment, and an offset in it.</summary>
internal readonly record struct LogLocation(Position Base, int Generation, long FileOffset)
{
    public bool IsIn(SegmentHeader segment) => segment.BasePosition == Base && segment.Generation == Generation;
}
