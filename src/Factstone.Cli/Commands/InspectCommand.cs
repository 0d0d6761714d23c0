using System.Buffers.Binary;
using System.CommandLine;
using System.Security.Cryptography;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli.Commands;

internal sealed class InspectCommand : LedgerCommand
{
    readonly Argument<string> _file = new("FILE") { Description = "A file of a ledger's log: DIR/segments/*.log." };

    public InspectCommand(CommonOptions common)
        : base("inspect", "Shows the frames of one file of the log, readable; judges nothing, which 'verify' does.", "factstone inspect factstone-data/segments/00000000000000000001.000001.log", common) =>
        Arguments.Add(_file);

    protected override Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var path = parsed.GetRequiredValue(_file);
        if (!File.Exists(path)) throw CliException.Failed($"There is no file '{path}'. The log's files are in DIR/segments.");

        using var file = new DiskFileSystem().Open(path, FileOpening.ReadOnly);
        using var window = new FileWindow(bytesMin: 64 * 1_024, bytesMax: 1_024 * 1_024);
        var header = SegmentHeader.Read(window.At(file, 0, SegmentHeader.Bytes), out var newerFormat)
            ?? throw CliException.Failed(newerFormat > 0 ? $"'{path}' has format {newerFormat}; this version of Factstone reads formats up to {LedgerLayout.Format}." : $"'{path}' is no file of a log, or its first {SegmentHeader.Bytes} bytes are damaged.");

        WriteHeader(session, header, file.Length);
        var end = WriteFrames(session, new FrameReader(new Segment(file, header, Tag(header.LedgerId)), window), file.Length, ct);
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
            WriteFrame(session, frame, FrameFormat.AppendId(frames.Bytes(frame), frame), isWhole);
            // Of a damaged frame the header is sound, so it says where the next one begins.
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

    static void WriteFrame(Session session, FrameHeader frame, string? appendId, bool isWhole)
    {
        if (!session.IsJson)
        {
            var facts = frame.FactCount switch { 0 => $"after @{frame.BasePosition.Value - 1}", 1 => $"@{frame.BasePosition}", _ => $"@{frame.BasePosition}..@{frame.BasePosition.Value + frame.FactCount - 1}" };
            var id = appendId is null ? "" : $"  id '{appendId}'";
            session.Output.WriteLine(TextFit.Clean($"{frame.FileOffset,10}  {Name(frame.Kind),-7}  {frame.FrameBytes,8} bytes  {facts}  group from {frame.GroupStart}{id}{(isWhole ? "" : "  NOT WHOLE")}"));
            return;
        }
        session.Output.WriteJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("kind", Name(frame.Kind));
            json.WriteNumber("fileOffset", frame.FileOffset);
            json.WriteNumber("bytes", frame.FrameBytes);
            json.WriteNumber("facts", frame.FactCount);
            if (frame.FactCount > 0)
            {
                json.WriteNumber("first", frame.BasePosition.Value);
                json.WriteNumber("last", frame.BasePosition.Value + frame.FactCount - 1);
            }
            json.WriteNumber("groupStart", frame.GroupStart);
            if (appendId is not null) json.WriteString("appendId", appendId);
            json.WriteBoolean("whole", isWhole);
            json.WriteEndObject();
        });
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

    /// <summary>What the frames of a ledger carry of its id; see docs/format.md, "Frame".</summary>
    static uint Tag(LedgerId ledger) => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(ledger.Value.ToByteArray(bigEndian: true)));

    static string Name(FrameKind kind) => kind switch
    {
        FrameKind.Batch => "batch",
        FrameKind.Seal => "seal",
        FrameKind.Closing => "closing",
        _ => $"kind {(int)kind}",
    };
}
