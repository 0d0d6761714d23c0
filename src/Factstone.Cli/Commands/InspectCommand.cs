using System.CommandLine;
using System.Text.Json;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class InspectCommand : LedgerCommand
{
    readonly Argument<string> _file = new("FILE") { Description = "A log file or an index file of a ledger: DIR/segments/*.log, DIR/index/*.run." };
    readonly Option<bool> _terms = new("--terms") { Description = "For an index file: show each term with its positions." };

    public InspectCommand(CommonOptions common)
        : base("inspect", "Shows the content of one file of a ledger: the frames, facts and cells of a log file, or the terms of an index file. Does not judge it; 'verify' does.", "factstone inspect factstone-data/segments/00000000000000000001.000001.log", common)
    {
        Arguments.Add(_file);
        Options.Add(_terms);
    }

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var path = parsed.GetRequiredValue(_file);
        if (!File.Exists(path)) throw CliException.Failed($"There is no file '{path}'. The log's files are in DIR/segments, those of the index in DIR/index.");
        var isRun = path.EndsWith(".run", StringComparison.OrdinalIgnoreCase);
        if (parsed.GetValue(_terms) && !isRun) throw CliException.Usage("--terms: only an index file, DIR/index/*.run, has terms.");

        using var file = new DiskFileSystem().Open(path, FileOpening.ReadOnly);
        if (isRun) return Task.FromResult(RunInspection.Write(session, file, parsed.GetValue(_terms), ct));

        Span<byte> first = stackalloc byte[SegmentHeader.Bytes];
        var header = SegmentHeader.Read(first[..file.Read(first, 0)], out var newerFormat)
            ?? throw CliException.Failed(newerFormat > 0 ? $"'{path}' has format {newerFormat}; this version of Factstone reads formats up to {LedgerLayout.Format}." : $"'{path}' is neither a log file (segments/*.log) nor an index file (index/*.run), or its first {SegmentHeader.Bytes} bytes are damaged.");

        WriteHeader(session, header, file.Length);
        using var window = new FileWindow(bytesMin: 64 * 1_024, bytesMax: 1_024 * 1_024);
        var end = WriteFrames(session, new FrameReader(new Segment(file, header), window), file.Length, ct);
        if (!session.IsJson) session.Output.WriteLine($"{end,10}  no further frame; the file has {file.Length:N0} bytes");
        return Task.FromResult(ExitCodes.Done);
    }

    static long WriteFrames(Session session, FrameReader frames, long length, CancellationToken ct)
    {
        var at = (long)SegmentHeader.Bytes;
        while (frames.TryFindHeader(at, length, out var frame))
        {
            ct.ThrowIfCancellationRequested();
            if (frame.FileOffset > at) WriteGap(session, at, frame.FileOffset - at);
            var isWhole = frames.IsWhole(frame);
            var lastLost = isWhole && frame.Kind == FrameKind.Lost ? LostFormat.Last(frames.Bytes(frame), frame) : Position.None;
            WriteFrame(session, frame, FrameFormat.AppendId(frames.Bytes(frame), frame), isWhole, FactSummary.Of(frames, frame), CellSummary.Of(frames, frame), lastLost);
            // The header of a damaged frame is whole, so it says where the next frame begins.
            at = isWhole || frame.End <= length ? frame.End : frame.FileOffset + FrameFormat.Alignment;
        }
        return at;
    }

    static void WriteHeader(Session session, SegmentHeader header, long length)
    {
        if (!session.IsJson)
        {
            session.Output.WriteLine($"ledger {header.LedgerId}, epoch {header.Epoch}; segment {header.Sequence}, generation {header.Generation}, from @{header.BasePosition}");
            return;
        }
        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", "segment");
            json.WriteString("ledger", header.LedgerId.ToString());
            json.WriteNumber("epoch", header.Epoch);
            json.WriteNumber("sequence", header.Sequence);
            json.WriteNumber("generation", header.Generation);
            json.WriteNumber("first", header.BasePosition.Value);
            json.WriteNumber("bytes", length);
            json.WriteEndObject();
        });
    }

    static void WriteFrame(Session session, FrameHeader frame, string? appendId, bool isWhole, IReadOnlyList<FactSummary> facts, IReadOnlyList<CellSummary> cells, Position lastLost)
    {
        if (!session.IsJson)
        {
            var positions = lastLost > Position.None ? $"@{frame.BasePosition}..@{lastLost} lost" : frame.FactCount switch { 0 => $"after @{frame.BasePosition.Value - 1}", 1 => $"@{frame.BasePosition}", _ => $"@{frame.BasePosition}..@{frame.BasePosition.Value + frame.FactCount - 1}" };
            var id = appendId is null ? "" : $"  id '{appendId}'";
            session.Output.WriteLine(TextFit.Clean($"{frame.FileOffset,10}  {KindName(frame.Kind),-7}  {frame.FrameBytes,8} bytes  {positions}  group from {frame.GroupStart}{id}{(isWhole ? "" : "  NOT WHOLE")}"));
            foreach (var fact in facts)
                session.Output.WriteLine(TextFit.Clean($"{fact.FileOffset,10}    @{fact.Position} {fact.Stream} v{fact.StreamVersion}{(fact.Type is null ? "" : $" {fact.Type}")}{(fact.Retracts ? " retracts" : "")}  header {fact.HeaderBytes}, metadata {fact.MetadataBytes}, payload {fact.PayloadBytes}{(fact.IsWhole ? "" : "  DAMAGED")}"));
            foreach (var cell in cells)
                session.Output.WriteLine(TextFit.Clean($"{cell.FileOffset,10}    cell {cell.Name} v{cell.Version}{(cell.IsDelete ? " deleted" : "")}  value {cell.ValueBytes}{(cell.IsWhole ? "" : "  DAMAGED")}"));
            return;
        }
        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", KindName(frame.Kind));
            json.WriteNumber("fileOffset", frame.FileOffset);
            json.WriteNumber("bytes", frame.FrameBytes);
            json.WriteNumber("facts", frame.FactCount);
            if (frame.FactCount > 0)
            {
                json.WriteNumber("first", frame.BasePosition.Value);
                json.WriteNumber("last", frame.BasePosition.Value + frame.FactCount - 1);
            }
            if (lastLost > Position.None)
            {
                json.WriteNumber("first", frame.BasePosition.Value);
                json.WriteNumber("last", lastLost.Value);
            }
            json.WriteNumber("groupStart", frame.GroupStart);
            if (appendId is not null) json.WriteString("appendId", appendId);
            json.WriteBoolean("whole", isWhole);
            json.WriteStartArray("contents");
            foreach (var fact in facts) WriteFact(json, fact);
            json.WriteEndArray();
            if (frame.CellCount > 0)
            {
                json.WriteStartArray("cells");
                foreach (var cell in cells) WriteCell(json, cell);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }

    static void WriteFact(Utf8JsonWriter json, FactSummary fact)
    {
        json.WriteStartObject();
        json.WriteNumber("fileOffset", fact.FileOffset);
        json.WriteNumber("position", fact.Position.Value);
        json.WriteString("store", fact.Stream.Store);
        json.WriteString("key", fact.Stream.Key);
        json.WriteNumber("version", fact.StreamVersion.Value);
        if (fact.Type is not null) json.WriteString("type", fact.Type);
        if (fact.Retracts) json.WriteBoolean("retracts", true);
        json.WriteNumber("headerBytes", fact.HeaderBytes);
        json.WriteNumber("metadataBytes", fact.MetadataBytes);
        json.WriteNumber("payloadBytes", fact.PayloadBytes);
        json.WriteBoolean("whole", fact.IsWhole);
        json.WriteEndObject();
    }

    static void WriteCell(Utf8JsonWriter json, CellSummary cell)
    {
        json.WriteStartObject();
        json.WriteNumber("fileOffset", cell.FileOffset);
        json.WriteString("bucket", cell.Name.Bucket);
        json.WriteString("name", cell.Name.Name);
        json.WriteNumber("version", cell.Version.Value);
        if (cell.IsDelete) json.WriteBoolean("deletes", true);
        json.WriteNumber("valueBytes", cell.ValueBytes);
        json.WriteBoolean("whole", cell.IsWhole);
        json.WriteEndObject();
    }

    static void WriteGap(Session session, long fileOffset, long bytes)
    {
        if (!session.IsJson)
        {
            session.Output.WriteLine($"{fileOffset,10}  (no frame) {bytes,5} bytes");
            return;
        }
        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", "none");
            json.WriteNumber("fileOffset", fileOffset);
            json.WriteNumber("bytes", bytes);
            json.WriteEndObject();
        });
    }

    static string KindName(FrameKind kind) => kind switch
    {
        FrameKind.Batch => "batch",
        FrameKind.Seal => "seal",
        FrameKind.Closing => "closing",
        FrameKind.Lost => "lost",
        _ => $"kind {(int)kind}",
    };
}
