using System.Text;
using System.Text.Json;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

/// <summary>Shows one index file: what it covers, the distribution of its terms, and with --terms each term with its positions.</summary>
internal sealed class RunInspection(Session session, Run run)
{
    /// <summary>On a line for people; JSON has all of them.</summary>
    const int LocationsShownMax = 20;

    readonly SortedDictionary<TermKind, (long Terms, long Locations)> _counts = [];
    readonly List<long> _unreadable = [];

    public static int Write(Session session, IStorageFile file, bool withTerms, CancellationToken ct)
    {
        using var run = Run.Inspect(file, out var wrong) ?? throw CliException.Failed($"'{file.Path}' is not a whole run of an index. {wrong} The next open for writing rebuilds it.");
        new RunInspection(session, run).Write(withTerms, ct);
        return ExitCodes.Done;
    }

    void Write(bool withTerms, CancellationToken ct)
    {
        var damaged = run.DamagedBlocks().ToList();
        if (session.IsJson) session.Output.WriteJson(json => WriteFooter(json, damaged));
        else WriteFooter(damaged);
        foreach (var term in RunTerms.Of(run, _unreadable.Add))
        {
            ct.ThrowIfCancellationRequested();
            Count(term);
            if (withTerms) Write(term);
        }

        if (session.IsJson) session.Output.WriteJson(WriteCounts);
        else WriteCounts();
    }

    void Count(RunTerm term)
    {
        var counted = _counts.GetValueOrDefault(term.Term.Kind);
        _counts[term.Term.Kind] = (counted.Terms + 1, counted.Locations + term.Count);
    }

    void WriteFooter(List<long> damaged)
    {
        var footer = run.Footer;
        session.Output.WriteLine($"ledger {footer.LedgerId}, epoch {footer.Epoch}; run {(footer.Facts == 0 ? $"without facts, before @{footer.First}" : $"of @{footer.First} to @{footer.Last}, {Counted.Text(footer.Facts, "fact")}")}, {footer.FileBytes:N0} bytes");
        session.Output.WriteLine($"recorded {(footer.Facts == 0 ? "up" : TimeText.Exact(Microseconds.ToTime(footer.FirstTime)))} to {TimeText.Exact(Microseconds.ToTime(footer.LastTime))}, {Counted.Text(footer.TimeCount, "time")}");
        session.Output.WriteLine(footer.Start == default ? "it begins with the log" : $"it begins at offset {footer.Start.FileOffset} of {LedgerLayout.SegmentName(footer.Start.Base, footer.Start.Generation)}");
        session.Output.WriteLine($"the log continues at offset {footer.End.FileOffset} of {LedgerLayout.SegmentName(footer.End.Base, footer.End.Generation)}");
        foreach (var (from, segment, generation) in Segments()) session.Output.WriteLine($"segment {LedgerLayout.SegmentName(segment, generation)} from @{from}");
        session.Output.WriteLine($"{Counted.Text(footer.Terms, "term")} in {Counted.Text(footer.BlockCount, "block")} and {Counted.Text(footer.BucketCount + footer.StreamBucketCount, "bucket")}; {footer.Streams:N0} {(footer.Streams == 1 ? "stream begins" : "streams begin")} here; {Counted.Text(footer.AppendIds, "append id")}; {Counted.Text(footer.Cells, "cell")}");
        foreach (var block in damaged) session.Output.WriteLine($"DAMAGED: block {block}, at offset {block * RunFormat.BlockBytes}");
    }

    void WriteFooter(Utf8JsonWriter json, List<long> damaged)
    {
        var footer = run.Footer;
        json.WriteStartObject();
        json.WriteString("kind", "run");
        json.WriteString("ledger", footer.LedgerId.ToString());
        json.WriteNumber("epoch", footer.Epoch);
        json.WriteNumber("first", footer.First.Value);
        json.WriteNumber("last", footer.Last.Value);
        json.WriteNumber("facts", footer.Facts);
        json.WriteNumber("bytes", footer.FileBytes);
        if (footer.Facts > 0) json.WriteString("firstRecordedAt", TimeText.Exact(Microseconds.ToTime(footer.FirstTime)));
        json.WriteString("lastRecordedAt", TimeText.Exact(Microseconds.ToTime(footer.LastTime)));
        if (footer.Start != default) WriteLocation(json, "start", footer.Start);
        WriteLocation(json, "end", footer.End);
        json.WriteNumber("terms", footer.Terms);
        json.WriteNumber("streams", footer.Streams);
        json.WriteNumber("appendIds", footer.AppendIds);
        json.WriteNumber("cells", footer.Cells);
        json.WriteNumber("times", footer.TimeCount);
        json.WriteNumber("blocks", footer.BlockCount);
        json.WriteNumber("buckets", footer.BucketCount + footer.StreamBucketCount);
        json.WriteStartArray("segments");
        foreach (var (from, segment, generation) in Segments())
        {
            json.WriteStartObject();
            json.WriteNumber("first", from.Value);
            json.WriteString("file", LedgerLayout.SegmentName(segment, generation));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("damagedBlocks");
        foreach (var block in damaged) json.WriteNumberValue(block);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>None if the rows are damaged, which the blocks show.</summary>
    IReadOnlyList<(Position From, Position Base, int Generation)> Segments()
    {
        try
        {
            return run.SegmentRows();
        }
        catch (RunDamagedException)
        {
            return [];
        }
    }

    void WriteCounts()
    {
        foreach (var (kind, (terms, locations)) in _counts)
            session.Output.WriteLine($"{terms,10:N0}  {Name(kind)}{(kind is TermKind.Cell ? "" : $", {Counted.Text(locations, "fact")}")}");
        if (_unreadable.Count > 0) session.Output.WriteLine($"{_unreadable.Count,10:N0}  dictionary blocks that cannot be read");
    }

    void WriteCounts(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("kind", "terms");
        foreach (var (kind, (terms, _)) in _counts) json.WriteNumber(Name(kind), terms);
        if (_unreadable.Count > 0) json.WriteNumber("unreadableBlocks", _unreadable.Count);
        json.WriteEndObject();
    }

    void Write(RunTerm term)
    {
        if (!session.IsJson)
        {
            session.Output.WriteLine(TextFit.Clean($"{Name(term.Term.Kind)} {term.Term.Name}{(term.Term.Key is { } key ? $"/{key}" : "")}  {Shown(term)}"));
            return;
        }

        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", Name(term.Term.Kind));
            json.WriteString("name", term.Term.Name);
            if (term.Term.Key is { } key) json.WriteString("key", key);
            if (term.Locations is { } locations) WriteLocations(json, term.Term.Kind, locations);
            else if (term.Append is { } append) WriteAppend(json, append);
            else if (term.Cell is { } cell) WriteCell(json, cell.Version, cell.IsDeleted, cell.Location);
            json.WriteEndObject();
        });
    }

    static void WriteLocations(Utf8JsonWriter json, TermKind kind, IStreamLocations locations)
    {
        json.WriteNumber("count", locations.Count);
        json.WriteStartArray("positions");
        var read = Read(locations, locations.Count);
        foreach (var location in read) json.WriteNumberValue(location.Position.Value);
        json.WriteEndArray();
        if (kind == TermKind.Stream)
        {
            json.WriteStartArray("versions");
            foreach (var location in read) json.WriteNumberValue(location.Version.Value);
            json.WriteEndArray();
            json.WriteStartArray("fileOffsets");
            foreach (var location in read) json.WriteNumberValue(location.FileOffset);
            json.WriteEndArray();
            json.WriteStartArray("retracting");
            foreach (var location in read)
                if (location.Retracts) json.WriteNumberValue(location.Position.Value);
            json.WriteEndArray();
        }

        if (read.Count < locations.Count) json.WriteBoolean("damaged", value: true);
    }

    static void WriteAppend(Utf8JsonWriter json, IndexedAppend append)
    {
        json.WriteNumber("first", append.Span.First.Value);
        json.WriteNumber("count", append.Span.Count);
        if (append.Frame != default) WriteLocation(json, "frame", append.Frame);
    }

    static void WriteCell(Utf8JsonWriter json, CellVersion version, bool isDeleted, in LogLocation location)
    {
        json.WriteNumber("version", version.Value);
        if (isDeleted) json.WriteBoolean("deletes", value: true);
        WriteLocation(json, "place", location);
    }

    static void WriteLocation(Utf8JsonWriter json, string name, in LogLocation location)
    {
        json.WriteStartObject(name);
        json.WriteString("file", LedgerLayout.SegmentName(location.Base, location.Generation));
        json.WriteNumber("fileOffset", location.FileOffset);
        json.WriteEndObject();
    }

    static string Shown(RunTerm term)
    {
        if (term.Append is { } append) return append.Span.Count switch { 0 => $"no facts, before @{append.Span.First}", 1 => $"@{append.Span.First}", _ => $"@{append.Span.First}..@{append.Span.Last}" };
        if (term.Cell is { } cell) return $"v{cell.Version}{(cell.IsDeleted ? " deleted" : "")}, at offset {cell.Location.FileOffset} of {LedgerLayout.SegmentName(cell.Location.Base, cell.Location.Generation)}";

        var text = new StringBuilder();
        var shown = Read(term.Locations!, Math.Min(LocationsShownMax, term.Locations!.Count));
        foreach (var location in shown)
        {
            if (text.Length > 0) text.Append(' ');
            if (term.Term.Kind == TermKind.Stream) text.Append('v').Append(location.Version);
            text.Append('@').Append(location.Position).Append(location.Retracts ? "(retracts)" : "");
        }

        if (shown.Count < Math.Min(LocationsShownMax, term.Locations.Count)) text.Append(" DAMAGED");
        if (term.Locations.Count > LocationsShownMax) text.Append(System.Globalization.CultureInfo.InvariantCulture, $" and {term.Locations.Count - LocationsShownMax:N0} more");
        return text.ToString();
    }

    /// <summary>The first locations of a list; fewer if it is damaged.</summary>
    static List<Location> Read(IStreamLocations locations, int count)
    {
        var read = new List<Location>(count);
        try
        {
            for (var i = 0; i < count; i++) read.Add(locations[i]);
        }
        catch (RunDamagedException)
        {
            // What was read is whole; the list of damaged blocks shows the rest.
        }

        return read;
    }

    static string Name(TermKind kind) => kind switch
    {
        TermKind.Stream => "stream",
        TermKind.Store => "store",
        TermKind.Type => "type",
        TermKind.Tag => "tag",
        TermKind.AppendId => "appendId",
        TermKind.Cell => "cell",
        _ => $"kind {(int)kind}",
    };
}
