using System.Collections.Concurrent;
using System.Text;

namespace Factstone.Storage;

/// <summary>What repairs have recorded of the facts that are lost for good: their positions, and what is still known of them.</summary>
/// <remarks>
/// Each open reads it from the few frames that contain it. So no position and no version is ever assigned twice, and no
/// append id is taken for a new one. However many facts are lost, at most 70 MiB are kept: see <see cref="LostRanges"/>
/// and <see cref="LostNames"/>. The headers and append ids stay in the log, where they are read again when one of them is
/// asked for. Threads: created once, then read by any number.
/// </remarks>
internal sealed class LostFacts
{
    public static readonly LostFacts None = new(null!);

    /// <summary>The number of streams whose last lost fact is kept: writers ask for the same streams again and again.</summary>
    const int StreamsKept = 4_096;

    static readonly Position End = new(Position.MaxValue);

    readonly LostFrames _frames;
    readonly LostRanges _ranges;
    readonly LostNames _names = new();
    readonly ConcurrentDictionary<StreamName, LostVersion> _lastKnown = [];

    LostFacts(LostFrames frames) => (_frames, _ranges) = (frames, new LostRanges(frames));

    /// <summary>The number of lost facts.</summary>
    public long Count => _ranges.Count;

    public bool IsEmpty => _ranges.Frames == 0;

    public long AppendIds { get; private set; }

    /// <summary>Reads the lost frames that repairs have written to the segments; adds damage if one is unreadable.</summary>
    public static LostFacts Read(IFileSystem files, LedgerLayout layout, IReadOnlyList<SegmentHeader> segments, List<Damage> damage)
    {
        if (segments.All(static header => header.LastLost == 0)) return None;
        var frames = new LostFrames(files, layout);
        var lost = new LostFacts(frames);
        var names = new NamesOf(lost._names);
        frames.ReadAll(segments, damage, (in LostRange range, ReadOnlySpan<byte> bytes, in FrameHeader frame, uint seed) =>
        {
            lost._ranges.Add(range);
            names.Frame = range.Ordinal;
            LostFormat.Visit(bytes, frame, seed, names);
        });
        lost._names.Complete();
        lost.AppendIds = names.AppendIds;
        return lost;
    }

    /// <summary>Whether the fact at a position is lost, and the range of lost facts around it.</summary>
    public bool Contains(Position position, out LostRange range) => _ranges.TryFind(position, out range) && range.Last >= position;

    /// <summary>Whether any fact in (<paramref name="after"/>, <paramref name="until"/>] is lost.</summary>
    public bool AnyIn(Position after, Position until) => _ranges.TryFind(until, out var range) && range.Last > after;

    /// <summary>The append with this id, if it has lost facts.</summary>
    public AppendSpan? FindAppend(string appendId)
    {
        if (AppendIds == 0) return null;
        var search = new AppendSearch(Encoding.UTF8.GetBytes(appendId));
        foreach (var frame in _names.Frames(HashOf(Term.AppendId(appendId)), from: 0, _ranges.Frames))
        {
            _frames.Visit(_ranges.At(frame), search);
            if (search.Found is { } found) return found;
        }

        return null;
    }

    /// <summary>The state of a stream including the versions of its lost facts. Its value is that of the last remaining fact.</summary>
    public StreamState Raise(StreamName stream, StreamState left, Position until)
    {
        if (LastKnown(stream, until) is not { IsFound: true } lost || lost.Version <= left.Version) return left;
        return new StreamState(lost.Version, left.Position, left.Version == StreamVersion.None || left.IsRetracted);
    }

    /// <summary>
    /// The version of the next fact of a stream, which must never have been assigned. A lost fact of an unknown stream may have
    /// belonged to this one. So as many versions are skipped as there are such facts after the last known one.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="left">Its last fact, and the version as <see cref="Raise"/> returns it.</param>
    public StreamVersion NextVersion(StreamName stream, StreamState left)
    {
        if (IsEmpty) return left.Version.Next();
        var last = left.Position;
        if (LastKnown(stream, End) is { IsFound: true } lost && lost.Position > last) last = lost.Position;
        return new StreamVersion(left.Version.Value + UnknownAfter(last) + 1);
    }

    /// <summary>The number of facts of an unknown stream in the ranges that end after a position.</summary>
    long UnknownAfter(Position position)
    {
        if (position >= _ranges.Newest) return 0;
        if (!_ranges.TryFind(position, out var range)) return _ranges.UnknownCount;
        return range.UnknownBefore + (range.Last > position ? range.UnknownCount : 0);
    }

    /// <summary>The last lost fact of a stream, of those whose header is known, at or below a position.</summary>
    LostVersion LastKnown(StreamName stream, Position until)
    {
        if (_ranges.Count == _ranges.UnknownCount) return default;
        var isAtEnd = until >= _ranges.Newest;
        if (isAtEnd && _lastKnown.TryGetValue(stream, out var known)) return known;
        if (!_ranges.TryFind(until, out var newest)) return default;

        var search = new StreamSearch(new TermBytes(Term.Stream(stream)), until);
        foreach (var frame in _names.Frames(HashOf(Term.Stream(stream)), newest.Ordinal, _ranges.Frames))
        {
            _frames.Visit(_ranges.At(frame), search);
            if (search.Found.IsFound) break;
            search.FramesRead++;
        }

        // A stream that no frame may name is found to be none without a read, and is not worth a place.
        if (isAtEnd && (search.Found.IsFound || search.FramesRead > 0))
        {
            if (_lastKnown.Count >= StreamsKept) _lastKnown.Clear();
            _lastKnown[stream] = search.Found;
        }

        return search.Found;
    }

    static ulong HashOf(in Term term) => TermKey.Encode(term, stackalloc byte[TermKey.BytesUsual]).Hash;

    /// <summary>Adds all names of a frame.</summary>
    sealed class NamesOf(LostNames names) : ILostVisitor
    {
        readonly byte[] _term = new byte[TermKey.BytesMax];

        public long Frame { get; set; }

        public long AppendIds { get; private set; }

        public void Known(ReadOnlySpan<byte> header)
        {
            if (HeaderView.TryRead(header, out var view)) names.Add(TermKey.Of(TermBytes.Join(_term, TermKind.Stream, view.Store, view.Key)).Hash, Frame);
        }

        public void Append(ReadOnlySpan<byte> id, Position first, int factCount, long recordedAt)
        {
            AppendIds++;
            _term[0] = (byte)TermKind.AppendId;
            id.CopyTo(_term.AsSpan(1));
            names.Add(TermKey.Of(_term.AsSpan(0, 1 + id.Length)).Hash, Frame);
        }
    }

    sealed class StreamSearch(TermBytes stream, Position until) : ILostVisitor
    {
        public LostVersion Found { get; private set; }

        public int FramesRead { get; set; }

        public void Known(ReadOnlySpan<byte> header)
        {
            if (HeaderView.TryRead(header, out var view) && view.Position <= until && stream.IsOf(view)) Found = new LostVersion(view.Position, view.StreamVersion);
        }

        public void Append(ReadOnlySpan<byte> id, Position first, int factCount, long recordedAt) { }
    }

    sealed class AppendSearch(byte[] sought) : ILostVisitor
    {
        public AppendSpan? Found { get; private set; }

        public void Known(ReadOnlySpan<byte> header) { }

        public void Append(ReadOnlySpan<byte> id, Position first, int factCount, long recordedAt)
        {
            if (id.SequenceEqual(sought)) Found = new AppendSpan(first, factCount) { RecordedAt = recordedAt, IsIncomplete = true };
        }
    }

    /// <summary>A lost fact of a stream.</summary>
    readonly record struct LostVersion(Position Position, StreamVersion Version)
    {
        public bool IsFound => Position > Position.None;
    }
}
