using System.Collections.Concurrent;
using Factstone.Conformance.Wrapping;

namespace Factstone.Conformance.Mutations;

// Each of these ledgers has one defect, which its name says.
internal sealed class WithoutValidTimes(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        base.TryAppendAsync(request with { Facts = [.. request.Facts.Select(static fact => fact with { ValidFrom = null, ValidTo = null })] }, cancellationToken);
}

internal sealed class BeginningLate(ILedger inner) : LedgerDecorator(inner)
{
    public override IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) =>
        base.ReadStreamAsync(stream, options is { From.Value: > 0, Backward: false } ? options with { From = options.From.Next() } : options, cancellationToken);
}

internal sealed class KeepingDeletedCells(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        base.TryAppendAsync(request with { Cells = [.. request.Cells.Select(static cell => cell.IsDelete ? NewCell.Put(cell.Cell.Bucket, cell.Cell.Name, "0") : cell)] }, cancellationToken);
}

internal sealed class FoldingAgain(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) =>
        base.FoldStreamAsync(stream, seed, folder, options is null ? null : options with { From = StreamVersion.None }, cancellationToken);
}

internal sealed class FollowingEverything(ILedger inner) : LedgerDecorator(inner)
{
    public override Follower OpenFollower(FactQuery query, FollowOptions? options) => base.OpenFollower(FactQuery.All, options);
}

internal sealed class WithoutConditions(ILedger inner, Func<AppendCondition, bool> isIgnored) : LedgerDecorator(inner)
{
    public override ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        base.TryAppendAsync(request with { Conditions = [.. request.Conditions.Where(condition => !isIgnored(condition))] }, cancellationToken);
}

internal sealed class PassingOver(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) =>
        base.FoldStreamAsync(stream, seed, folder, options is { From.Value: > 1 } ? options with { From = options.From.Next() } : options, cancellationToken);
}

internal sealed class CheckpointAlone(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        base.TryAppendAsync(request.Cells.Any(IsCheckpoint) ? request with { Cells = [.. request.Cells.Where(IsCheckpoint)] } : request, cancellationToken);

    static bool IsCheckpoint(NewCell cell) => cell.Cell.Bucket.StartsWith('$');
}

internal sealed class HidingRetracted(ILedger inner) : LedgerDecorator(inner)
{
    public override IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) =>
        base.ListStreamsAsync(store, options, cancellationToken).Where(static stream => !stream.IsRetracted);
}

internal sealed class WithoutBegin(ILedger inner) : LedgerDecorator(inner)
{
    public override IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) =>
        base.ReadAsync(query, options is null ? null : options with { RecordedFrom = null }, cancellationToken);
}

internal sealed class OneByOne(ILedger inner) : LedgerDecorator(inner)
{
    public override async ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        for (var i = 0; i < request.Facts.Count - 1; i++)
        {
            var first = await base.TryAppendAsync(request with { Facts = [request.Facts[i]], Cells = [], Conditions = i == 0 ? request.Conditions : [], AppendId = null }, cancellationToken);
            if (first is not AppendOutcome.Committed) return first;
        }

        return await base.TryAppendAsync(request.Facts.Count < 2 ? request : request with { Facts = [request.Facts[^1]], Conditions = [] }, cancellationToken);
    }
}

internal sealed class WithoutAppendIds(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) => base.TryAppendAsync(request with { AppendId = null }, cancellationToken);
}

internal sealed class ByStream(ILedger inner) : LedgerDecorator(inner)
{
    public override IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) =>
        base.ReadAsync(options, cancellationToken).OrderBy(static fact => fact.Stream.ToString(), StringComparer.Ordinal);
}

internal sealed class FirstWithItsTags(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return base.FoldAsync(query, seed, (ref TState state, in FactView fact) => !seen.Add(string.Join(' ', fact.Tags)) || folder(ref state, in fact), options, cancellationToken);
    }
}

internal sealed class WithoutCells(ILedger inner) : LedgerDecorator(inner)
{
    public override async ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken) =>
        bucket.StartsWith('$') ? await base.ReadCellAsync(bucket, name, cancellationToken) : null;

    public override IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) =>
        bucket.StartsWith('$') ? base.ListCellsAsync(bucket, options, cancellationToken) : AsyncEnumerable.Empty<Cell>();
}

internal sealed class TruncatingAlone(ILedger inner) : LedgerDecorator(inner)
{
    public override ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options, CancellationToken cancellationToken) =>
        base.TruncateAsync(stream, through, reason, options is null ? null : options with { Cells = [], Facts = [] }, cancellationToken);
}

internal sealed class DroppingMore(ILedger inner) : LedgerDecorator(inner)
{
    public override async ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options, CancellationToken cancellationToken)
    {
        var more = through is { Value: >= 1 } version && version < await base.GetVersionAsync(stream, default, cancellationToken) ? version.Next() : through;
        return await base.TruncateAsync(stream, more, reason, options, cancellationToken);
    }
}

internal sealed class WithoutKeptStates(ILedger inner) : LedgerDecorator(inner)
{
    public override async ValueTask<Projected<TState>> ReadProjectionAsync<TState>(Projection<TState> projection, string? key, Position? atLeast, CancellationToken cancellationToken) =>
        await base.ReadProjectionAsync(projection, key, atLeast, cancellationToken) with { State = projection.Seed };
}

internal sealed class OldKeptStates(ILedger inner) : LedgerDecorator(inner)
{
    readonly ConcurrentDictionary<(string Name, string? Key), object> _first = new();

    public override async ValueTask<Projected<TState>> ReadProjectionAsync<TState>(Projection<TState> projection, string? key, Position? atLeast, CancellationToken cancellationToken)
    {
        var read = await base.ReadProjectionAsync(projection, key, atLeast, cancellationToken);
        return (Projected<TState>)_first.GetOrAdd((projection.Name, key), read);
    }
}

internal sealed class ShorterBlobs(IBlobStore inner) : IBlobStore
{
    public bool IsReadOnly => inner.IsReadOnly;

    public async ValueTask<BlobReference> PutAsync(Stream content, string mime, CancellationToken cancellationToken)
    {
        using var shorter = new MemoryStream();
        await content.CopyToAsync(shorter, cancellationToken);
        shorter.SetLength(Math.Max(0, shorter.Length - 1));
        shorter.Position = 0;
        return await inner.PutAsync(shorter, mime, cancellationToken);
    }

    public ValueTask<BlobContent> OpenReadAsync(Cid cid, CancellationToken cancellationToken) => inner.OpenReadAsync(cid, cancellationToken);

    public ValueTask<BlobStat?> StatAsync(Cid cid, CancellationToken cancellationToken) => inner.StatAsync(cid, cancellationToken);

    public IAsyncEnumerable<BlobStat> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
}
