namespace Factstone.Cli.Output;

/// <summary>Says on standard error which consumers and kept projections are before the end of what a truncation drops. They stop if they would need a dropped fact.</summary>
internal static class StoppedReaders
{
    public static async Task NoticeAsync(Session session, Ledger ledger, TruncationReceipt receipt, CancellationToken ct)
    {
        if (receipt.Facts == 0) return;
        await foreach (var consumer in ledger.ListConsumersAsync(ct))
            if (consumer.Cursor.Position < receipt.LastPosition && consumer.Query.MayMatch(receipt.Stream)) Notice("Consumer", consumer.Name, consumer.Cursor.Position);
        await foreach (var projection in ledger.ListProjectionsAsync(ct))
            if (projection.State != ProjectionState.Dropping && projection.Position < receipt.LastPosition && projection.Source.MayMatch(receipt.Stream)) Notice("Projection", $"{projection.Name}, version {projection.Version}", projection.Position);

        void Notice(string what, string name, Position position) =>
            session.Notice($"{what} {name} has the facts up to @{position} only. It stops if it needs dropped facts after that, which are up to @{receipt.LastPosition}.");
    }
}
