using System.Buffers.Binary;
using System.Text;

namespace Factstone.Storage;

/// <summary>One immutable file of the index, which covers a stretch of positions completely. See docs/format.md, "Run".</summary>
/// <remarks>
/// Always true: an answer comes from blocks whose checksums hold. If a checksum does not hold, a
/// <see cref="RunDamagedException"/> reports it, and there is no answer. Threads: any number.
/// </remarks>
internal sealed partial class Run : IndexPart, IDisposable
{
    /// <summary>Most of a dictionary block. All its cache lines are fetched at once; a walk along the block would wait for each of them.</summary>
    const int TermsPrefetchedBytes = 1_024;

    readonly IStorageFile _file;
    readonly RunBytes _bytes;
    readonly RunSegments _segments;
    readonly BucketTable _streamBuckets;
    readonly BucketTable _otherBuckets;

    Run(IStorageFile file, RunFooter footer, RunBytes bytes, RunSegments segments)
    {
        (_file, Footer, _bytes, _segments) = (file, footer, bytes, segments);
        (_streamBuckets, _otherBuckets) = (footer.StreamBuckets, footer.OtherBuckets);
    }

    public RunFooter Footer { get; }

    /// <summary>Whether the run is mapped, so that its file need not stay open.</summary>
    public bool IsMapped => _bytes.IsMapped;

    public string Path => _file.Path;

    public override Position First => Footer.First;

    public override Position Last => Footer.Last;

    public override LogLocation End => Footer.End;

    public override long LastTime => Footer.LastTime;

    public override long FirstTime => Footer.FirstTime;

    public override long Streams => Footer.Streams;

    public override long AppendIds => Footer.AppendIds;

    public RunSegments Segments => _segments;

    /// <summary>Whether a segment file that contains facts of the run is missing.</summary>
    public bool HasMissingSegment => _segments.HasMissing;

    /// <summary>Opens a run if its footer is valid; null if it is not, or if the run refers to segments that the log does not have.</summary>
    /// <param name="file">The file. It is closed with the run, or when null is returned.</param>
    /// <param name="segments">The live segments.</param>
    /// <param name="maps">Whether to map the file.</param>
    /// <param name="defect">A defect to inject, for tests.</param>
    /// <param name="seen">Called with the footer if it is valid, even if the run is unusable.</param>
    public static Run? Open(IStorageFile file, SegmentDirectory segments, bool maps, Defect defect = Defect.None, Action<RunFooter>? seen = null)
    {
        if (ReadFooter(file) is { } footer && RunBytes.Open(file, footer, maps, defect) is { } bytes)
        {
            seen?.Invoke(footer);
            if (RunSegments.Read(footer, bytes, segments, defect) is { } found) return new Run(file, footer, bytes, found);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Opens a run to inspect the file alone, whatever the log contains; null, and the reason, if its footer is not valid.</summary>
    /// <param name="file">The file. It is closed with the run.</param>
    /// <param name="wrong">What is wrong, as a sentence.</param>
    /// <param name="maps">Whether to map the file.</param>
    public static Run? Inspect(IStorageFile file, out string wrong, bool maps = false)
    {
        wrong = $"The footer, its last {RunFooter.Bytes} bytes, is damaged, or of another format than {RunFooter.Format}, or the file was not written to its end.";
        if (ReadFooter(file) is not { } footer) return null;
        wrong = $"The checksums of its blocks, at offset {footer.ChecksumsAt}, are damaged.";
        return RunBytes.Open(file, footer, maps, Defect.None) is { } bytes ? new Run(file, footer, bytes, new RunSegments([], footer.Last)) : null;
    }

    /// <summary>Reads all blocks, and returns those whose checksums do not hold, by number from 0.</summary>
    public IEnumerable<long> DamagedBlocks()
    {
        var blocks = RunFormat.BlocksIn(Footer.ChecksumsAt);
        for (var block = 0L; block < blocks; block++)
        {
            var start = block * RunFormat.BlockBytes;
            if (!_bytes.TryRead(start, Math.Min(RunFormat.BlockBytes, Footer.ChecksumsAt - start), out _)) yield return block;
        }
    }

    /// <summary>Makes the next read of each block check it again.</summary>
    public void ForgetChecks() => _bytes.ForgetChecks();

    /// <summary>Reads all blocks, and returns whether the checksum of any does not hold at this moment.</summary>
    public bool IsDamagedNow()
    {
        ForgetChecks();
        return DamagedBlocks().Any();
    }

    /// <summary>The rows of the segment table, as they are in the file.</summary>
    public IReadOnlyList<(Position From, Position Base, int Generation)> SegmentRows()
    {
        var rows = new List<(Position, Position, int)>();
        for (var i = 0L; i < Footer.SegmentCount; i++)
        {
            var row = RunSegments.ReadRow(Read(Footer.SegmentsAt + (i * RunFormat.SegmentRowBytes), RunFormat.SegmentRowBytes));
            rows.Add((row.From, row.Base, row.Generation));
        }

        GC.KeepAlive(this);
        return rows;
    }

    public override bool TryFind(Position position, out Segment segment, out long fileOffset)
    {
        var location = Read((position.Value - First.Value) * RunFormat.LocationBytes, RunFormat.LocationBytes);
        fileOffset = BinaryPrimitives.ReadUInt32LittleEndian(location);
        GC.KeepAlive(this);
        segment = _segments.At(position, out _).Segment!;
        return segment is not null && fileOffset > 0;
    }

    public override Position AddLocations(FactPage page, Position position, Position until)
    {
        var last = Math.Min(Math.Min(Last.Value, until.Value), position.Value + page.Room - page.Count - 1);
        var locations = Read((position.Value - First.Value) * RunFormat.LocationBytes, (last - position.Value + 1) * RunFormat.LocationBytes);
        while (position.Value <= last)
        {
            var segment = _segments.At(position, out var behind);
            for (; position.Value <= last && position < behind; position = position.Next())
            {
                var fileOffset = BinaryPrimitives.ReadUInt32LittleEndian(locations);
                locations = locations[RunFormat.LocationBytes..];
                page.Add(fileOffset > 0 ? new FactLocation(position, segment.Segment, fileOffset) : new FactLocation(position, null, 0));
            }
        }

        GC.KeepAlive(this);
        return position;
    }

    public override void Prefetch(in TermKey key)
    {
        ref readonly var buckets = ref BucketsOf(key);
        _bytes.Prefetch(buckets.BucketAt(buckets.BucketOf(key)), RunFormat.BucketBytes);
    }

    public override Location LastLocation(StreamName stream, in TermKey key, Position until) => TryFindTerm(key, out var value) ? LastLocationIn(value, until) : default;

    /// <summary>The same, from the dictionary entry of the stream.</summary>
    public Location LastLocationIn(ReadOnlySpan<byte> value, Position until)
    {
        var head = PositionListHead.Read(value, TermKind.Stream, First);
        if (head.Last.Position <= until) return head.Last;
        if (head.First.Position > until) return default;
        var location = head.IsLong ? LastLocationInBlocks(head, until) : LastUntil(value[(int)head.ListOffset..], head.First, head.Count, until);
        GC.KeepAlive(this);
        return location;
    }

    /// <summary>The location of the last fact of a stream in this run, according to the slots of the stream. A slot may have the same fingerprint for a stream that is not in the run.</summary>
    /// <returns>The number of slots with the fingerprint; 0 means that the stream is not in the run. The segment is null if its file is missing, or if its number does not fit into a slot.</returns>
    public (int Slots, Segment? Segment, long FileOffset) FindSlot(in TermKey key)
    {
        var (count, segment, fileOffset) = (0, default(Segment), 0L);
        var fingerprint = BucketShape.Fingerprint(key.Hash);
        for (var bucket = _streamBuckets.BucketOf(key); bucket < _streamBuckets.Count; bucket++)
        {
            var slots = Read(_streamBuckets.BucketAt(bucket), RunFormat.BucketBytes);
            var taken = Math.Min((int)slots[RunFormat.BucketCountAt], _streamBuckets.Shape.Slots);
            for (var at = 0; at < taken * _streamBuckets.Shape.SlotBytes; at += _streamBuckets.Shape.SlotBytes)
            {
                if (BinaryPrimitives.ReadUInt16LittleEndian(slots[at..]) != fingerprint) continue;
                (var number, fileOffset) = BucketShape.FactOf(slots[at..]);
                segment = number < _segments.Count && number < BucketShape.SegmentsMax ? _segments[number].Segment : null;
                count++;
            }

            if (slots[RunFormat.BucketOverflowsAt] == 0) break;
        }

        GC.KeepAlive(this);
        return (count, segment, fileOffset);
    }

    /// <summary>The segment that contains a fact; null if its file is missing.</summary>
    public Segment? SegmentOf(Position position) => _segments.At(position, out _).Segment;

    public override IStreamLocations? FindStream(StreamName stream, in TermKey key) => FindList(TermKind.Stream, key);

    public override IndexedAppend? FindAppend(string appendId, in TermKey key)
    {
        if (!TryFindTerm(key, out var value)) return null;
        var append = AppendSpanFormat.Read(value, First);
        GC.KeepAlive(this);
        return append;
    }

    public override CellEntry? FindCell(CellName cell, in TermKey key)
    {
        var entry = TryFindTerm(key, out var value) ? CellEntryFormat.Read(value) : null;
        GC.KeepAlive(this);
        return entry;
    }

    public override CellCursor? OpenCells(byte[] from, byte[] prefix) => Footer.Cells > 0 ? new RunCellCursor(this, from, prefix) : null;

    public override PositionCursor? Open(in Term term, in TermKey key, Position after, Position until, bool backward) =>
        FindList(term.Kind, key) is { } locations ? new LocationsCursor(locations, after, until, backward) : null;

    public override long CountAtMost(in Term term, in TermKey key)
    {
        if (!TryFindTerm(key, out var value)) return 0;
        var count = PositionListHead.Read(value, term.Kind, First).Count;
        GC.KeepAlive(this);
        return count;
    }

    public override StreamCursor? OpenStreams(string store, string prefix, string? after) => new RunStreamCursor(this, store, prefix, after);

    public override IEnumerable<StoreCount> Stores()
    {
        var cursor = new TermCursor(this, [(byte)TermKind.Store]);
        while (cursor.MoveNext() && TermKey.Kind(cursor.Term) == TermKind.Store)
        {
            var head = PositionListHead.Read(cursor.Value, TermKind.Store, First);
            yield return new StoreCount(Encoding.UTF8.GetString(cursor.Term[1..]), head.Count, head.Streams);
        }
    }

    /// <summary>Prefetches bytes that will be read soon.</summary>
    public void Prefetch(long fileOffset, long bytes) => _bytes.Prefetch(fileOffset, (int)Math.Min(bytes, RunFormat.BlockBytes));

    /// <summary>Bytes of blocks whose checksums hold. The run must be kept alive until the last access to them.</summary>
    public ReadOnlySpan<byte> Read(long fileOffset, long bytes)
    {
        if (!_bytes.TryRead(fileOffset, bytes, out var read)) throw new RunDamagedException(this, $"is damaged near offset {fileOffset}");
        return read;
    }

    /// <summary>The bytes of a dictionary block, after its head.</summary>
    public ReadOnlySpan<byte> TermBlock(long number) =>
        TermBlockAt(BinaryPrimitives.ReadInt64LittleEndian(Read(Footer.BlocksAt + (number * sizeof(long)), sizeof(long))), out _);

    ReadOnlySpan<byte> TermBlockAt(long fileOffset, out long number)
    {
        var head = Read(fileOffset, RunFormat.TermBlockHeadBytes);
        number = BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]);
        return Read(fileOffset + RunFormat.TermBlockHeadBytes, BinaryPrimitives.ReadUInt32LittleEndian(head));
    }

    /// <summary>Closes the file. Mapped bytes stay readable for readers that still use them.</summary>
    public void Close() => _file.Dispose();

    /// <summary>Releases everything. No reader may use the run any more.</summary>
    public void Dispose()
    {
        _bytes.Dispose();
        Close();
    }

    Location LastLocationInBlocks(in PositionListHead head, Position until)
    {
        var block = RunLocations.Block(this, head, RunLocations.BlockUntil(this, head, until), out var first, out var count);
        return LastUntil(block, first, count, until);
    }

    static Location LastUntil(ReadOnlySpan<byte> locations, Location location, long count, Position until)
    {
        var at = 0;
        var number = 0L;
        for (; number + 1 < count; number++)
        {
            var next = PositionListFormat.ReadNext(locations, ref at, isStream: true, location);
            if (next.Position > until) break;
            location = next;
        }

        return number == 0 ? location : location.At(PositionListFormat.ReadOffset(locations, number, count));
    }

    /// <summary>The positions of a stream, store, type or tag; null if it has none in this run.</summary>
    public RunLocations? FindList(TermKind kind, in TermKey key)
    {
        if (!TryFindTerm(key, out var value)) return null;
        var locations = new RunLocations(this, kind, PositionListHead.Read(value, kind, First), value);
        GC.KeepAlive(this);
        return locations;
    }

    /// <summary>The dictionary block that contains a term; null if the term is not in this run.</summary>
    public long? BlockOf(in TermKey key)
    {
        var isHere = TryFindTerm(key, out _, out var block);
        GC.KeepAlive(this);
        return isHere ? block : null;
    }

    bool TryFindTerm(in TermKey key, out ReadOnlySpan<byte> value) => TryFindTerm(key, out value, out _);

    ref readonly BucketTable BucketsOf(in TermKey key) => ref TermKey.Kind(key.Bytes) == TermKind.Stream ? ref _streamBuckets : ref _otherBuckets;

    /// <summary>One read shows that a term is absent; a second one finds a term that is there.</summary>
    bool TryFindTerm(in TermKey key, out ReadOnlySpan<byte> value, out long block)
    {
        value = default;
        block = 0;
        ref readonly var buckets = ref BucketsOf(key);
        var fingerprint = BucketShape.Fingerprint(key.Hash);
        for (var bucket = buckets.BucketOf(key); bucket < buckets.Count; bucket++)
        {
            var slots = Read(buckets.BucketAt(bucket), RunFormat.BucketBytes);
            var taken = Math.Min((int)slots[RunFormat.BucketCountAt], buckets.Shape.Slots);
            for (var at = 0; at < taken * buckets.Shape.SlotBytes; at += buckets.Shape.SlotBytes)
            {
                var slot = slots[at..];
                if (BinaryPrimitives.ReadUInt16LittleEndian(slot) != fingerprint) continue;
                _bytes.Prefetch(BucketShape.BlockOf(slot), TermsPrefetchedBytes);
                if (Storage.TermBlock.TryFind(TermBlockAt(BucketShape.BlockOf(slot), out block), key.Bytes, out value)) return true;
            }

            if (slots[RunFormat.BucketOverflowsAt] == 0) return false;
        }

        return false;
    }

    static RunFooter? ReadFooter(IStorageFile file)
    {
        var length = file.Length;
        if (length < RunFooter.Bytes) return null;
        Span<byte> bytes = stackalloc byte[RunFooter.Bytes];
        return file.Read(bytes, length - RunFooter.Bytes) == bytes.Length && RunFooter.Read(bytes) is { } footer && footer.FileBytes == length ? footer : null;
    }
}
