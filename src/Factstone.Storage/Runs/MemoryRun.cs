namespace Factstone.Storage;

/// <summary>Writes a memory part as a run.</summary>
internal static class MemoryRun
{
    public static RunFooter Write(MemoryPart part, IStorageFile file, LogMark endMark, LedgerId ledgerId, long epoch)
    {
        Invariant.Holds(!part.HasUnknown);
        using var writer = new RunWriter(file, part.First) { Start = part.Start };
        WriteLocations(part, writer);
        WriteTimes(part, writer);
        WriteStreams(part, writer);
        WriteTerms(part, writer);
        WriteAppends(part, writer);
        WriteCells(part, writer);
        return writer.Finish(ledgerId, epoch, part.Last, part.End, endMark, part.FirstTime, part.LastTime);
    }

    static void WriteLocations(MemoryPart part, RunWriter writer)
    {
        var segments = new List<(Position From, Segment Segment)>();
        for (var position = part.First; position <= part.Last; position = position.Next())
        {
            var fact = part[position];
            writer.AddLocation(fact.FileOffset);
            var segment = part.SegmentOf(fact);
            if (segments.Count == 0 || segments[^1].Segment != segment) segments.Add((position, segment));
        }

        foreach (var (from, segment) in segments) writer.AddSegment(from, segment.Header.BasePosition, segment.Header.Generation);
    }

    static void WriteTimes(MemoryPart part, RunWriter writer)
    {
        var times = part.Times;
        for (var i = 0L; i < times.Count;)
        {
            var (first, behind) = (times[i].First, i + 1);

            // A fact that is lost for good has no header, so its time is unknown. A batch that begins with one gets its own row.
            while (behind < times.Count && times[behind].First.Value < first.Value + RunFormat.FactsPerTimeRow && !IsLost(first) && !IsLost(times[behind].First)) behind++;
            writer.AddTime(new TimeRow(times[i].Time, first, IsAll: behind == i + 1));
            i = behind;
        }

        bool IsLost(Position position) => part[position].FileOffset == 0;
    }

    static void WriteStreams(MemoryPart part, RunWriter writer)
    {
        // Sorted by the bytes of their texts. A zero, which no name contains, separates store and key.
        var streams = part.AllStreams().ToArray();
        Array.Sort(streams, static (x, y) => Compare(Term.Stream(x.Name), Term.Stream(y.Name)));
        Span<byte> buffer = stackalloc byte[TermKey.BytesMax];
        Span<Location> locations = stackalloc Location[PositionListFormat.LocationsPerBlock];
        foreach (var stream in streams)
        {
            writer.BeginList(TermKey.Encode(Term.Stream(stream.Name), buffer).Bytes, stream.Count, streams: 0);
            for (var rest = stream.Locations; rest.Length > 0; rest = rest[Math.Min(rest.Length, locations.Length)..])
            {
                var some = locations[..Math.Min(rest.Length, locations.Length)];
                for (var i = 0; i < some.Length; i++) some[i] = rest[i].At(part[rest[i].Position].FileOffset);
                writer.Add(some);
            }

            writer.EndList();
        }
    }

    static void WriteTerms(MemoryPart part, RunWriter writer)
    {
        var begun = part.Stores().ToDictionary(static store => store.Store, static store => store.Streams, StringComparer.Ordinal);
        Span<Location> locations = stackalloc Location[PositionListFormat.LocationsPerBlock];
        var terms = part.AllTerms(part.Last);
        Array.Sort(terms, static (x, y) => Compare(x.Term, y.Term));
        Span<byte> buffer = stackalloc byte[TermKey.BytesMax];
        foreach (var positions in terms)
        {
            var streams = positions.Term.Kind == TermKind.Store ? begun.GetValueOrDefault(positions.Term.Name) : 0;
            writer.BeginList(TermKey.Encode(positions.Term, buffer).Bytes, positions.Count, streams);
            for (var i = 0; i < positions.Count; i += locations.Length) writer.Add(locations[..positions.Copy(i, locations)]);
            writer.EndList();
        }
    }

    /// <summary>The order of a run's terms.</summary>
    static int Compare(in Term x, in Term y)
    {
        if (x.Kind != y.Kind) return x.Kind.CompareTo(y.Kind);
        var order = Utf8Order.Instance.Compare(x.Name, y.Name);
        return order != 0 ? order : Utf8Order.Instance.Compare(x.Key, y.Key);
    }

    static void WriteAppends(MemoryPart part, RunWriter writer)
    {
        Span<byte> value = stackalloc byte[AppendSpanFormat.BytesMax];
        var appends = part.AllAppends().Select(static pair => (Key: TermKey.Encode(Term.AppendId(pair.Key)), pair.Value)).ToArray();
        Array.Sort(appends, static (x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
        foreach (var (key, append) in appends) writer.AddValue(key, value[..AppendSpanFormat.Write(value, append, part.First)]);
    }

    static void WriteCells(MemoryPart part, RunWriter writer)
    {
        Span<byte> value = stackalloc byte[CellEntryFormat.BytesMax];
        var cells = part.Cells.All().Select(static pair => (Key: TermKey.Encode(Term.Cell(pair.Key)), pair.Value)).ToArray();
        Array.Sort(cells, static (x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
        foreach (var (key, entry) in cells) writer.AddValue(key, value[..CellEntryFormat.Write(value, entry)]);
    }
}
