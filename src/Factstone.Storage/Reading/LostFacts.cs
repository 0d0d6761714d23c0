namespace Factstone.Storage;

/// <summary>What repairs have recorded of the facts that are lost for good: their positions, and what is still known of them.</summary>
/// <remarks>
/// Kept beside the index, and read at each open from the few frames that contain it. So no position and no version is ever
/// assigned twice, and no append id is taken for a new one. Threads: created once, then read by any number.
/// </remarks>
internal sealed class LostFacts
{
    public static readonly LostFacts None = new([]);

    readonly LostFrame[] _frames;
    readonly Dictionary<StreamName, List<(Position Position, StreamVersion Version)>> _known = [];
    readonly Dictionary<string, LostAppend> _appends = new(StringComparer.Ordinal);

    public LostFacts(IEnumerable<LostFrame> frames)
    {
        _frames = [.. frames.OrderBy(frame => frame.First)];
        foreach (var frame in _frames)
        {
            Count += frame.Count;
            foreach (var append in frame.Appends) _appends[append.AppendId] = append;
            foreach (var bytes in frame.Known)
            {
                if (!HeaderView.TryRead(bytes, out var header)) continue;
                if (!_known.TryGetValue(header.Stream, out var ofStream)) _known[header.Stream] = ofStream = [];
                ofStream.Add((header.Position, header.StreamVersion));
            }
        }
    }

    /// <summary>The number of lost facts.</summary>
    public long Count { get; }

    public bool IsEmpty => _frames.Length == 0;

    /// <summary>Reads the lost frames that repairs have written to the segments; adds damage if one is unreadable.</summary>
    public static LostFacts Read(IFileSystem files, LedgerLayout layout, IReadOnlyList<SegmentHeader> segments, List<Damage> damage)
    {
        List<LostFrame>? frames = null;
        foreach (var header in segments)
        {
            if (header.LastLost == 0) continue;
            var path = layout.Segment(header.BasePosition, header.Generation);
            if (files.FileExists(path)) ReadSegment(files, path, header, frames ??= [], damage);
        }

        return frames is null ? None : new LostFacts(frames);
    }

    /// <summary>Whether the fact at a position is lost, and the range of lost facts around it.</summary>
    public bool Contains(Position position, out LostFrame range)
    {
        range = null!;
        var at = CountUntil(position) - 1;
        if (at < 0 || _frames[at].Last < position) return false;
        range = _frames[at];
        return true;
    }

    /// <summary>Whether any fact in (<paramref name="after"/>, <paramref name="until"/>] is lost.</summary>
    public bool AnyIn(Position after, Position until)
    {
        var at = CountUntil(until) - 1;
        return at >= 0 && _frames[at].Last > after;
    }

    /// <summary>The append with this id, if it has lost facts.</summary>
    public AppendSpan? FindAppend(string appendId) =>
        _appends.TryGetValue(appendId, out var append) ? new AppendSpan(append.First, append.FactCount) { RecordedAt = append.RecordedAt, IsIncomplete = true } : null;

    public long AppendIds => _appends.Count;

    /// <summary>The state of a stream including the versions of its lost facts. Its value is that of the last remaining fact.</summary>
    public StreamState Raise(StreamName stream, StreamState left, Position until)
    {
        if (_known.Count == 0 || LastKnown(stream, until) is not { } lost || lost.Version <= left.Version) return left;
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
        if (_frames.Length == 0) return left.Version.Next();
        var last = left.Position;
        if (LastKnown(stream, new Position(Position.MaxValue)) is { } lost && lost.Position > last) last = lost.Position;

        var passedOver = 0L;
        for (var i = _frames.Length - 1; i >= 0 && _frames[i].Last > last; i--) passedOver += _frames[i].UnknownCount;
        return new StreamVersion(left.Version.Value + passedOver + 1);
    }

    (Position Position, StreamVersion Version)? LastKnown(StreamName stream, Position until)
    {
        if (!_known.TryGetValue(stream, out var lost)) return null;
        for (var i = lost.Count - 1; i >= 0; i--)
            if (lost[i].Position <= until) return lost[i];
        return null;
    }

    /// <summary>The number of ranges that begin at or below a position.</summary>
    int CountUntil(Position position)
    {
        int low = 0, high = _frames.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_frames[middle].First <= position) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    static void ReadSegment(IFileSystem files, string path, SegmentHeader header, List<LostFrame> frames, List<Damage> damage)
    {
        using var segment = new Segment(files.Open(path, FileOpening.ReadOnly), header);
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        var reader = new FrameReader(segment, window);
        for (var at = header.LastLost; at > 0;)
        {
            var lost = reader.TryReadHeader(at, out var frame) ? LostFormat.Read(reader.Bytes(frame), frame, segment.Seed) : null;
            if (lost is null || lost.PreviousLost >= at)
            {
                damage.Add(new Damage(path, at, Position.None, Position.None, "The record of lost facts in this segment is damaged."));
                return;
            }

            frames.Add(lost);
            at = lost.PreviousLost;
        }
    }
}
