using System.Buffers;
using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes one run from front to back: locations, segments, times, terms in order, and the tables that find them. See docs/format.md, "Run".</summary>
/// <remarks>
/// Memory: a few buffers, and the hashes of a bounded number of terms. Data that does not fit in the buffers (the offsets
/// of dictionary blocks, the rows of a long list, the fences of times) is in the scratch space of the run until it is
/// written.
/// </remarks>
internal sealed class RunWriter : IDisposable
{
    readonly IStorageFile _file;
    readonly Position _first;
    readonly RunMemory _memory;
    readonly RunOutput _output;
    readonly ArrayBufferWriter<byte> _termBlock = new();
    readonly byte[] _locations = new byte[PositionListFormat.BlockBytesMax];
    readonly byte[] _offsets = new byte[PositionListFormat.LocationsPerBlock * PositionListFormat.OffsetBytes];
    readonly RunSpool _skipRows;
    readonly RunSpool _blockOffsets;
    readonly RunSpool _timeFences;
    readonly ChunkedList<TermLocation> _hashes = new();
    long _hashesPlaced;
    byte[] _lastTerm = new byte[TermKey.BytesMax];
    int _lastTermLength;
    byte[] _term = new byte[TermKey.BytesMax];
    int _termLength;
    int _locationsLength;
    int _offsetsLength;
    bool _isStream;
    PositionListHead _head;
    Location _before;
    long _listed;
    long _terms;
    long _streams;
    long _appendIds;
    long _cells;
    long _segmentsAt;
    readonly List<Position> _segmentStarts = [];
    long _streamTerms;
    long _blocks;
    long _firstOtherBlock = -1;
    long _timesAt;
    long _times;

    public RunWriter(IStorageFile file, Position first, RunMemory? memory = null)
    {
        (_file, _first, _memory) = (file, first, memory ?? new RunMemory());
        _output = new RunOutput(file, _memory);
        (_skipRows, _blockOffsets, _timeFences) = (new RunSpool(_output.Scratch), new RunSpool(_output.Scratch), new RunSpool(_output.Scratch));
    }

    /// <summary>The start of the run's part of the log.</summary>
    public LogLocation Start { get; init; }

    /// <summary>A defect to inject, for tests.</summary>
    public Defect Defect { get; init; }

    /// <summary>Adds the location of the next fact.</summary>
    public void AddLocation(long fileOffset) => _output.Write((uint)fileOffset);

    /// <summary>Adds the locations of the next facts, encoded as in a run.</summary>
    public void AddLocations(ReadOnlySpan<byte> locations) => _output.Write(locations);

    /// <summary>Adds the segment that contains the facts from a position on. To be called after all locations are added.</summary>
    public void AddSegment(Position from, Position segmentBase, int generation)
    {
        if (_segmentStarts.Count == 0)
        {
            _output.Align(sizeof(long));
            _segmentsAt = _output.FileOffset;
        }

        _segmentStarts.Add(from);

        _output.Write(from.Value);
        _output.Write(segmentBase.Value);
        _output.Write((uint)generation);
    }

    /// <summary>Adds a row: the facts from a position on were recorded at this time or later. To be called after all segments are added.</summary>
    public void AddTime(in TimeRow row)
    {
        if (_times == 0)
        {
            _output.Align(sizeof(long));
            _timesAt = _output.FileOffset;
        }

        if (_times++ % RunFormat.TimeRowsPerFence == 0) WriteLong(_timeFences, row.Time);

        _output.Write(row.Time);
        _output.Write((row.First.Value << 1) | (row.IsAll ? 1L : 0));
    }

    /// <summary>Begins the positions of a term. The term must be after all terms before it.</summary>
    /// <param name="term">The bytes of the term.</param>
    /// <param name="count">The number of locations that follow.</param>
    /// <param name="streams">For a store: the number of its streams that begin in this run.</param>
    public void BeginList(ReadOnlySpan<byte> term, long count, long streams)
    {
        BeginTerm(term);
        _head = new PositionListHead { Count = count, Streams = streams, ListOffset = _output.FileOffset };
        _isStream = TermKey.Kind(term) == TermKind.Stream;
        _listed = 0;
        _locationsLength = _offsetsLength = 0;
        _skipRows.Clear();
    }

    public void Add(ReadOnlySpan<Location> locations)
    {
        foreach (ref readonly var location in locations)
        {
            if (_listed == 0) _head.First = location;
            if (_listed % PositionListFormat.LocationsPerBlock == 0) BeginBlock(location);
            else AddNext(location);
            _before = location;
            _listed++;
        }
    }

    public void EndList()
    {
        Invariant.Holds(_listed == _head.Count && _listed > 0);
        _head.Last = _before;
        if (_isStream && _head.First.Version.Value == 1) _streams++;
        if (_head.IsLong)
        {
            EndBlock();
            foreach (var piece in _skipRows.Read()) _output.Write(piece.Span);
            _head.ListBytes = _output.FileOffset - _head.ListOffset;
        }

        Span<byte> head = stackalloc byte[PositionListFormat.HeadBytesMax];
        var length = _head.Write(head, TermKey.Kind(_term), _first);
        EndTerm(head[..length], _locations.AsSpan(0, _locationsLength), _offsets.AsSpan(0, _offsetsLength));
    }

    /// <summary>Adds a term that is not a list.</summary>
    public void AddValue(ReadOnlySpan<byte> term, ReadOnlySpan<byte> value)
    {
        BeginTerm(term);
        if (TermKey.Kind(term) == TermKind.AppendId) _appendIds++;
        else _cells++;
        EndTerm(value, [], []);
    }

    /// <summary>Writes the tables that find the terms, and the footer, which makes the run valid.</summary>
    public RunFooter Finish(LedgerId ledgerId, long epoch, Position last, LogLocation end, LogMark endMark, long firstTime, long lastTime)
    {
        foreach (var _ in FinishSteps(ledgerId, epoch, last, end, endMark, firstTime, lastTime)) { }
        return Footer!;
    }

    /// <summary>The footer; set when all is written.</summary>
    public RunFooter? Footer { get; private set; }

    /// <summary>The same, one piece at a time.</summary>
    public IEnumerable<int> FinishSteps(LedgerId ledgerId, long epoch, Position last, LogLocation end, LogMark endMark, long firstTime, long lastTime)
    {
        EndTermBlock();
        _output.Align(sizeof(long));
        var blocksAt = _output.FileOffset;
        foreach (var step in _output.Write(_blockOffsets)) yield return step;
        var timeFencesAt = _output.FileOffset;
        foreach (var step in _output.Write(_timeFences)) yield return step;
        _blockOffsets.Clear();
        var areKept = _terms <= _memory.HashesKeptMax;
        _output.Align(areKept ? RunFormat.BucketBytes : RunFormat.BlockBytes);
        if (!areKept) _output.Flush(); // the terms are read again
        var written = new WrittenTerms(_file, blocksAt, _blocks);
        var streamsWriter = new FingerprintWriter(_output, BucketShape.OfStreams, _streamTerms, _memory.FingerprintBytes);
        foreach (var step in streamsWriter.Write(areKept ? _hashes.Range(0, _streamTerms) : ReadStreams(written))) yield return step;
        var othersWriter = new FingerprintWriter(_output, BucketShape.OfOthers, _terms - _streamTerms, _memory.FingerprintBytes);
        foreach (var step in othersWriter.Write(areKept ? _hashes.Range(_streamTerms, _terms) : ReadOthers(written))) yield return step;
        var (streams, others) = (streamsWriter.Table, othersWriter.Table);
        var checksumsAt = _output.FileOffset;
        var checksum = _output.WriteChecksums();
        foreach (var step in _output.Scratch.CutOff(_output.FileOffset)) yield return step;
        Footer = new RunFooter
        {
            LedgerId = ledgerId,
            Epoch = epoch,
            First = _first,
            Last = last,
            Start = Start,
            End = end,
            EndMark = endMark,
            FirstTime = firstTime,
            LastTime = lastTime,
            Terms = _terms,
            Streams = _streams,
            AppendIds = _appendIds,
            Cells = _cells,
            SegmentCount = _segmentStarts.Count,
            TimeCount = _times,
            BlockCount = _blocks,
            BucketCount = others.Count,
            SegmentsAt = _segmentsAt,
            TimesAt = _timesAt,
            TimeFencesAt = timeFencesAt,
            BlocksAt = blocksAt,
            BucketsAt = others.At,
            StreamTerms = _streamTerms,
            StreamBucketCount = streams.Count,
            StreamBucketsAt = streams.At,
            ChecksumsAt = checksumsAt,
            ChecksumsChecksum = checksum,
        };
        WriteFooter(Footer);
    }

    void WriteFooter(RunFooter footer)
    {
        Span<byte> bytes = stackalloc byte[RunFooter.Bytes];
        footer.Write(bytes);
        _output.WriteFooter(bytes);
    }

    public void Dispose() => _output.Dispose();

    void BeginBlock(in Location location)
    {
        if (!_head.IsLong) return;
        if (_listed > 0) EndBlock();
        Span<byte> row = stackalloc byte[PositionListFormat.SkipRowBytes];
        BinaryPrimitives.WriteInt64LittleEndian(row, location.Position.Value);
        BinaryPrimitives.WriteInt64LittleEndian(row[sizeof(long)..], (location.Version.Value << 1) | (location.Retracts && Defect != Defect.SkipRowLosesRetraction ? 1L : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(row[(2 * sizeof(long))..], checked((uint)(_output.FileOffset - _head.ListOffset)));
        BinaryPrimitives.WriteUInt32LittleEndian(row[((2 * sizeof(long)) + sizeof(uint))..], location.FileOffset);
        _skipRows.Write(row);
    }

    void AddNext(in Location location)
    {
        _locationsLength += PositionListFormat.WriteNext(_locations.AsSpan(_locationsLength), _isStream, _before, location);
        if (!_isStream) return;
        BinaryPrimitives.WriteUInt32LittleEndian(_offsets.AsSpan(_offsetsLength), location.FileOffset);
        _offsetsLength += PositionListFormat.OffsetBytes;
    }

    void EndBlock()
    {
        _output.Write(_locations.AsSpan(0, _locationsLength));
        _output.Write(_offsets.AsSpan(0, _offsetsLength));
        _locationsLength = _offsetsLength = 0;
    }

    void BeginTerm(ReadOnlySpan<byte> term)
    {
        Invariant.Holds(_terms == 0 || term.SequenceCompareTo(_lastTerm.AsSpan(0, _lastTermLength)) > 0);
        term.CopyTo(_term);
        _termLength = term.Length;
    }

    void EndTerm(ReadOnlySpan<byte> head, ReadOnlySpan<byte> locations, ReadOnlySpan<byte> offsets)
    {
        var term = _term.AsSpan(0, _termLength);
        var isFirst = _terms % RunFormat.TermsPerBlock == 0;
        if (isFirst) EndTermBlock();
        var shared = isFirst ? 0 : term.CommonPrefixLength(_lastTerm.AsSpan(0, _lastTermLength));
        WriteNumber((ulong)shared);
        WriteNumber((ulong)(term.Length - shared));
        _termBlock.Write(term[shared..]);
        WriteNumber((ulong)(head.Length + locations.Length + offsets.Length));
        _termBlock.Write(head);
        _termBlock.Write(locations);
        _termBlock.Write(offsets);

        var isStream = TermKey.Kind(term) == TermKind.Stream;
        if (_terms < _memory.HashesKeptMax) _hashes.Add(isStream ? StreamLocation(term, _head.Last, block: 0) : new TermLocation(TermKey.Of(term).Hash, Block: 0)); // where that is, its end will tell
        _terms++;
        if (isStream) _streamTerms++;
        else if (_firstOtherBlock < 0) _firstOtherBlock = _blocks;
        (_lastTerm, _term) = (_term, _lastTerm);
        _lastTermLength = _termLength;
    }

    void WriteNumber(ulong value) => _termBlock.Advance(Leb128.Write(_termBlock.GetSpan(Leb128.BytesMax), value));

    void EndTermBlock()
    {
        if (_termBlock.WrittenCount == 0) return;
        _output.Align(RunFormat.TermBlockMultiple);
        var block = SlotOf(_output.FileOffset);
        for (; _hashesPlaced < _hashes.Count; _hashesPlaced++) _hashes[_hashesPlaced] = _hashes[_hashesPlaced] with { Block = block };
        _output.Write((uint)_termBlock.WrittenCount);
        _output.Write(checked((uint)_blocks++));
        _output.Write(_termBlock.WrittenSpan);
        WriteLong(_blockOffsets, (long)block * RunFormat.TermBlockMultiple);
        _termBlock.ResetWrittenCount();
    }

    static uint SlotOf(long blockAt) => checked((uint)(blockAt / RunFormat.TermBlockMultiple));

    TermLocation StreamLocation(ReadOnlySpan<byte> term, in Location last, uint block)
    {
        var segment = _segmentStarts.BinarySearch(last.Position);
        if (segment < 0) segment = ~segment - 1;
        return new TermLocation(TermKey.Of(term).Hash, block, (ushort)Math.Min(segment, BucketShape.SegmentsMax), last.FileOffset);
    }

    static void WriteLong(RunSpool spool, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        spool.Write(bytes);
    }

    /// <summary>Reads the terms of streams, which are the first of all terms.</summary>
    IEnumerable<TermLocation> ReadStreams(WrittenTerms written)
    {
        foreach (var (terms, blockAt) in written.From(0))
        {
            if (TermKey.Kind(terms.Term) != TermKind.Stream) yield break;
            yield return StreamLocation(terms.Term, PositionListHead.Read(terms.Value.Span, TermKind.Stream, _first).Last, SlotOf(blockAt));
        }
    }

    IEnumerable<TermLocation> ReadOthers(WrittenTerms written)
    {
        if (_firstOtherBlock < 0) yield break;
        foreach (var (terms, blockAt) in written.From(_firstOtherBlock))
            if (TermKey.Kind(terms.Term) != TermKind.Stream) yield return new TermLocation(TermKey.Of(terms.Term).Hash, SlotOf(blockAt));
    }
}
