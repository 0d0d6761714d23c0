using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The live segments, found by their base position and generation.</summary>
/// <remarks>Threads: the one that opens, refreshes or writes adds; any number read.</remarks>
internal sealed class SegmentDirectory
{
    readonly ConcurrentDictionary<(Position Base, int Generation), Segment> _open = new(concurrencyLevel: 1, capacity: 31);
    Manifest? _manifest;

    /// <summary>Receives damage that is found when a file is first read, once the ledger is open.</summary>
    public Action<Damage>? Report { get; set; }

    /// <summary>Sets the live segments, and so the positions that each contains.</summary>
    public void Follow(Manifest manifest) => _manifest = manifest;

    public void Add(Segment segment) => _open[(segment.Header.BasePosition, segment.Header.Generation)] = segment;

    /// <summary>Null if its file is missing.</summary>
    public Segment? Find(Position segmentBase, int generation) => _open.GetValueOrDefault((segmentBase, generation));

    /// <summary>Readers may still use mappings when the files are closed.</summary>
    public void KeepMapped()
    {
        foreach (var segment in _open.Values) segment.KeepMapped();
    }

    /// <summary>Whether a live segment contains these positions.</summary>
    public bool Holds(Position segmentBase, int generation, Position first, Position last)
    {
        var segments = _manifest!.Segments;
        for (var i = FirstFrom(segments, segmentBase); i < segments.Count && segments[i].BasePosition == segmentBase; i++)
        {
            if (segments[i].Generation != generation) continue;
            return first >= segmentBase && (i + 1 == segments.Count || last < segments[i + 1].BasePosition);
        }

        return false;
    }

    /// <summary>The bytes of the log right before a durable location.</summary>
    public LogMark MarkOf(in LogLocation location) =>
        Find(location.Base, location.Generation) is { } segment && LogMark.Read(segment, location.FileOffset) is { } mark ? mark
            : throw new LedgerIOException(_manifest!.Last.Name, "read", $"the log ends before offset {location.FileOffset} of segment {location.Base}");

    /// <summary>Whether the log has this mark at this location. Also true if the file of the segment is missing, because nothing contradicts it then.</summary>
    public bool HasMark(in LogLocation location, LogMark mark)
    {
        foreach (var header in _manifest!.Segments)
        {
            if (!location.IsIn(header)) continue;
            return header.Nonce == mark.Nonce && (Find(location.Base, location.Generation) is not { } segment || LogMark.Read(segment, location.FileOffset) == mark);
        }

        return false;
    }

    /// <summary>Whether the live part of the log reaches at least this location.</summary>
    public bool Reaches(in LogLocation location)
    {
        var segments = _manifest!.Segments;
        for (var i = FirstFrom(segments, location.Base); i < segments.Count && segments[i].BasePosition == location.Base; i++)
            if (location.IsIn(segments[i])) return location.FileOffset >= SegmentHeader.Bytes && (_manifest.EndOf(i) ?? long.MaxValue) >= location.FileOffset;
        return false;
    }

    /// <summary>The first segment that begins at a position or after it; segments are in order.</summary>
    static int FirstFrom(IReadOnlyList<SegmentHeader> segments, Position segmentBase) => BinarySearch.Count(new Before(segments, segmentBase), segments.Count);

    readonly struct Before(IReadOnlyList<SegmentHeader> segments, Position segmentBase) : IFirstItems
    {
        public bool Contains(int number) => segments[number].BasePosition < segmentBase;
    }
}
