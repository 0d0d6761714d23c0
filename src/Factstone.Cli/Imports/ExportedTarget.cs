namespace Factstone.Cli.Imports;

/// <summary>What the import needs to know of the target ledger: whether each fact keeps its version, and the id of its cause there.</summary>
/// <remarks>
/// A batch that does not fit is refused before it is sent, when nothing after it is in flight. So no batch is left out.
/// The ledger is open for writing here, so no other process writes to it meanwhile.
/// </remarks>
internal sealed class ExportedTarget
{
    const int StreamsKnownMax = 100_000;

    readonly Dictionary<StreamName, StreamVersion> _versions = [];
    MovedPositions _moved = new();
    LedgerId? _ledger;
    Position _sent, _answered;

    /// <summary>In a new ledger every stream begins with version 1. No ledger is created for a batch that cannot begin there.</summary>
    public static void RefuseForEmpty(ExportedBatch batch)
    {
        foreach (var condition in batch.Request.Conditions)
            if (condition.Version > StreamVersion.None) throw Misfit(batch, condition, StreamVersion.None);
    }

    /// <summary>Whether a cell has the value already. A cell with another value is refused: it may be newer.</summary>
    public static async ValueTask<bool> HasAsync(ExportedCell line, Ledger ledger, CancellationToken ct)
    {
        var (bucket, name) = (line.Cell.Cell.Bucket, line.Cell.Cell.Name);
        if (await ledger.ReadCellAsync(bucket, name, ct) is not { } here) return false;
        if (here.Value.Span.SequenceEqual(line.Cell.Value.Span)) return true;
        throw CliException.Refused($"Line {line.Line} has the cell {line.Cell.Cell}, which has another value in this ledger. Delete it first with 'factstone cell delete', or export with --facts-only.");
    }

    /// <summary>The append as it is sent.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="ledger">The target ledger.</param>
    /// <param name="settle">Waits for the answers to everything that was sent.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async ValueTask<AppendRequest> LinkAsync(ExportedBatch batch, Ledger ledger, Func<ValueTask> settle, CancellationToken ct)
    {
        if (batch.Ledger != _ledger || _versions.Count > StreamsKnownMax) await settle();
        if (_versions.Count > StreamsKnownMax) _versions.Clear();
        if (batch.Ledger != _ledger) (_ledger, _moved, _sent, _answered) = (batch.Ledger, new MovedPositions(), Position.None, Position.None);

        var isKnown = await IsKnownAsync(batch, ledger, ct);
        if (!isKnown)
            foreach (var line in batch.Facts) _versions[line.Fact.Stream] = line.Version;

        var facts = await CausesAsync(batch, ledger, settle, ct);
        _sent = batch.Facts[^1].Position;
        return batch.Request with { Facts = facts };
    }

    /// <summary>Called when the batch is in the ledger.</summary>
    public void Received(ExportedBatch batch, AppendReceipt receipt)
    {
        for (var i = 0; i < batch.Facts.Count; i++) _moved.Add(batch.Facts[i].Position, new Position(receipt.FirstPosition.Value + i));
        _answered = batch.Facts[^1].Position;
    }

    /// <summary>Whether the batch was imported before. It is refused if it was not and its facts cannot keep their versions.</summary>
    async ValueTask<bool> IsKnownAsync(ExportedBatch batch, Ledger ledger, CancellationToken ct)
    {
        foreach (var condition in batch.Request.Conditions)
        {
            if (!_versions.TryGetValue(condition.Stream, out var version)) version = await ledger.GetVersionAsync(condition.Stream, cancellationToken: ct);
            if (version == condition.Version) continue;
            if (await ledger.FindAppendAsync(batch.Request.AppendId!, ct) is not null) return true;
            throw Misfit(batch, condition, version);
        }

        return false;
    }

    async ValueTask<IReadOnlyList<NewFact>> CausesAsync(ExportedBatch batch, Ledger ledger, Func<ValueTask> settle, CancellationToken ct)
    {
        NewFact[]? linked = null;
        for (var i = 0; i < batch.Facts.Count; i++)
        {
            var line = batch.Facts[i];
            var fact = batch.Request.Facts[i];
            if (line.Cause is not { } cause || fact.CausationIndex is not null) continue;
            linked ??= [.. batch.Request.Facts];
            linked[i] = await FindAsync(cause, line.Ledger, ledger, settle, ct) is { } known
                ? fact with { Causation = known }
                : fact with { Metadata = OriginMetadata.WithCause(line, fact.Metadata, cause) };
        }

        return linked ?? batch.Request.Facts;
    }

    /// <summary>The id in the target of a fact that this import has appended; null for any other fact.</summary>
    async ValueTask<Guid?> FindAsync(Guid cause, LedgerId from, Ledger ledger, Func<ValueTask> settle, CancellationToken ct)
    {
        if (!FactId.TryGetPosition(cause, from.Tag, out var position)) return null;
        if (position > _answered && position <= _sent) await settle();
        if (!_moved.TryFind(position, out var here) || await ledger.ReadAtAsync(here, ct) is not { } fact) return null;
        return OriginMetadata.MayBe(fact, from, cause) ? fact.Id : null;
    }

    static CliException Misfit(ExportedBatch batch, AppendCondition condition, StreamVersion version)
    {
        var line = batch.Facts.First(one => one.Fact.Stream == condition.Stream);
        return CliException.Refused($"Line {line.Line} is version {line.Version} of {line.Fact.Stream}, which is at version {version} in this ledger: its facts would not keep their versions. Import whole streams, from their beginning or from where an earlier import ended, into streams that have no other facts.");
    }
}
