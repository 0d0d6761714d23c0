namespace Factstone.Storage;

/// <summary>Through which version each stream is dropped. The cells of <see cref="TruncationCell"/> are the only record of it, so memory does not grow with the number of truncated streams.</summary>
/// <remarks>
/// A damaged stretch of the log may hide a truncation. Then the stream is read as far as its known truncations allow: facts
/// stay readable beside damage, and a truncation that is lost brings facts back, it does not lose any. Threads: any number.
/// </remarks>
internal sealed class StreamTruncations(FactIndex index, IndexedReading facts, Func<CellName, CellEntry, Cell> read)
{
    /// <summary>The position of the newest receipt of a truncation; none if no stream was ever truncated.</summary>
    public Position LastReceipt => index.MayHaveTruncations ? facts.LastKnown(TruncationReceiptJson.Stream) : Position.None;

    public Truncated? Find(StreamName stream)
    {
        if (!index.MayHaveTruncations) return null;
        var name = TruncationCell.NameOf(stream);
        if (facts.FindCell(name) is not { } entry) return null;
        return entry.IsDeleted ? FindReceipt(stream, entry.Version) : TruncationCell.Read(read(name, entry));
    }

    /// <summary>Only a repair takes the value of such a cell away, if it is damaged. Then the receipts are searched.</summary>
    Truncated? FindReceipt(StreamName stream, CellVersion cellVersion)
    {
        foreach (var fact in facts.ReadStream(TruncationReceiptJson.Stream, StreamVersion.None, LastReceipt, backward: true))
            if (TruncationReceiptJson.Read(fact) is { } receipt && receipt.Stream == stream)
                return new Truncated(receipt.Through, receipt.LastPosition, cellVersion, fact.RecordedAtMicroseconds) { IsCellLost = true };
        return null;
    }

    /// <summary>Whether a fact of the log is not dropped.</summary>
    public bool IsHeld(Position position) =>
        !index.MayHaveTruncations || facts.ReadAt(position) is not { } fact || Find(fact.Stream) is not { } truncated || fact.StreamVersion > truncated.Through;

    /// <summary>Adds to a snapshot what the writer needs for the conditions of an append on records.</summary>
    public IndexSnapshot Prepare(PreparedAppend append, IndexSnapshot snapshot)
    {
        if (!index.MayHaveTruncations) return snapshot;
        Dictionary<StreamName, (CellVersion, StreamVersion)>? dropped = null;
        foreach (var condition in append.Conditions)
        {
            if (!condition.IsOnRecord) continue;
            var truncated = Find(condition.Stream).GetValueOrDefault();
            (dropped ??= [])[condition.Stream] = (truncated.CellVersion, truncated.Through);
        }

        return dropped is null ? snapshot : new IndexSnapshot(snapshot) { Dropped = dropped };
    }
}
