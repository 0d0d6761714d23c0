using System.CommandLine;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class StatsCommand : LedgerCommand
{
    public StatsCommand(CommonOptions common) : base("stats", "Shows how many facts, streams, cells and files the ledger has.", "factstone stats --json", common) { }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var statistics = await ledger.GetStatisticsAsync(ct);
        var cursor = ledger.CursorAt(statistics.Head);
        if (session.IsJson) WriteJson(session, ledger, statistics, cursor);
        else WriteText(session, ledger, statistics, cursor);
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }

    static void WriteJson(Session session, Ledger ledger, LedgerStatistics statistics, LedgerCursor cursor) => session.Output.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("ledger", ledger.Id.ToString());
        json.WriteNumber("epoch", ledger.Epoch);
        json.WriteString("location", ledger.Location);
        json.WriteNumber("head", statistics.Head.Value);
        if (statistics.RecordedAt is { } recordedAt) json.WriteString("recordedAt", TimeText.Exact(recordedAt));
        json.WriteString("cursor", cursor.ToString());
        json.WriteNumber("facts", statistics.Facts);
        json.WriteNumber("stores", statistics.Stores);
        json.WriteNumber("streams", statistics.Streams);
        json.WriteNumber("appendIds", statistics.AppendIds);
        json.WriteNumber("cells", statistics.Cells);
        json.WriteNumber("segments", statistics.Segments);
        json.WriteNumber("segmentBytes", statistics.SegmentBytes);
        json.WriteNumber("runs", statistics.Runs);
        json.WriteNumber("runBytes", statistics.RunBytes);
        json.WriteBoolean("appendingSlowed", statistics.IsAppendingSlowed);
        json.WriteNumber("indexRebuildTotal", statistics.IndexRebuildTotal);
        json.WriteNumber("indexRebuildDone", statistics.IndexRebuildDone);
        json.WriteBoolean("indexShortOfSpace", statistics.IsIndexShortOfSpace);
        json.WriteNumber("damage", ledger.Damage.Count);
        json.WriteStartArray("workerFailures");
        foreach (var failure in ledger.WorkerFailures)
        {
            json.WriteStartObject();
            json.WriteString("worker", failure.Worker);
            json.WriteString("message", failure.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    static void WriteText(Session session, Ledger ledger, LedgerStatistics statistics, LedgerCursor cursor)
    {
        void Line(string label, string text) => session.Output.WriteLine(FactText.Field(label, text));

        Line("ledger", $"{ledger.Id} (epoch {ledger.Epoch})");
        Line("location", ledger.Location);
        Line("head", statistics.RecordedAt is { } recordedAt ? $"@{statistics.Head}, recorded {TimeText.Exact(recordedAt)}" : "none yet");
        Line("cursor", cursor.ToString());
        Line("facts", $"{statistics.Facts:N0}");
        Line("stores", $"{statistics.Stores:N0}");
        Line("streams", $"{statistics.Streams:N0}");
        Line("append ids", $"{statistics.AppendIds:N0}");
        Line("cells", $"{statistics.Cells:N0}");
        Line("segments", $"{statistics.Segments:N0} with {statistics.SegmentBytes:N0} bytes");
        Line("index", $"{Counted.Text(statistics.Runs, "run")} with {statistics.RunBytes:N0} bytes");
        if (statistics.IsAppendingSlowed) Line("slowed", "appends wait for merges of the index until it has 64 runs or fewer");
        if (statistics.IndexRebuildTotal > 0) Line("rebuild", $"{statistics.IndexRebuildDone:N0} of {statistics.IndexRebuildTotal:N0} entries of damaged index files");
        if (statistics.IsIndexShortOfSpace) Line("space", "too little is free for the index; the rest is reserved for the log");
        foreach (var failure in ledger.WorkerFailures) Line("stopped", $"the {failure.Worker} worker of the last writer: {failure.Message}");
    }
}
