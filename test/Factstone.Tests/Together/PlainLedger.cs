using System.Collections.Immutable;

namespace Factstone.Tests.Together;

/// <summary>What a ledger holds, as plain lists: all facts ever, what of them was dropped, cells, append ids and blobs. Immutable, so that a run keeps the state before an append whose outcome is unknown.</summary>
internal sealed record PlainLedger
{
    public static readonly PlainLedger Empty = new();

    /// <summary>All facts ever, those that were dropped included, in order.</summary>
    public ImmutableList<PlainFact> Ever { get; init; } = [];

    /// <summary>The last dropped version of each truncated stream.</summary>
    public ImmutableSortedDictionary<string, long> Dropped { get; init; } = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Each cell that was ever written, with its version; the value is null after a delete.</summary>
    public ImmutableSortedDictionary<string, (string? Value, long Version)> Cells { get; init; } = ImmutableSortedDictionary.Create<string, (string?, long)>(StringComparer.Ordinal);

    /// <summary>Each append id, with its request and the place of its first fact in <see cref="Ever"/>.</summary>
    public ImmutableSortedDictionary<string, (AppendRequest Request, int First)> Appends { get; init; } = ImmutableSortedDictionary.Create<string, (AppendRequest, int)>(StringComparer.Ordinal);

    /// <summary>The blobs whose put has returned.</summary>
    public ImmutableDictionary<Cid, byte[]> Blobs { get; init; } = ImmutableDictionary<Cid, byte[]>.Empty;

    public IEnumerable<PlainFact> Held => Ever.Where(IsHeld);

    public bool IsHeld(PlainFact fact) => fact.Version > DroppedThrough(fact.Stream);

    public long DroppedThrough(StreamName stream) => Dropped.GetValueOrDefault(stream.ToString());

    public long VersionOf(StreamName stream) => EverOf(stream).Count();

    public IEnumerable<PlainFact> EverOf(StreamName stream) => Ever.Where(fact => fact.Stream == stream);

    /// <summary>The value of a record: that of its latest fact, if it is held and no retraction.</summary>
    public string? RecordOf(StreamName stream) => EverOf(stream).LastOrDefault() is { Retracts: false } last && IsHeld(last) ? last.Json : null;

    public PlainLedger With(AppendRequest request)
    {
        var after = this;
        foreach (var fact in request.Facts) after = after with { Ever = after.Ever.Add(PlainFact.Of(fact, after.VersionOf(fact.Stream) + 1)) };
        foreach (var cell in request.Cells)
            after = after with { Cells = after.Cells.SetItem(cell.Cell.Name, (cell.IsDelete ? null : System.Text.Encoding.UTF8.GetString(cell.Value.Span), after.Cells.GetValueOrDefault(cell.Cell.Name).Version + 1)) };
        return request.AppendId is { } id ? after with { Appends = after.Appends.Add(id, (request, Ever.Count)) } : after;
    }

    public PlainLedger WithDropped(StreamName stream, long through) => this with { Dropped = Dropped.SetItem(stream.ToString(), through) };
}
