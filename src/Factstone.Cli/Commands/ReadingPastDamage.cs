using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Factstone.Cli.Commands;

/// <summary>Reads what is readable of a damaged ledger, and collects the damage, so that the command can end with it.</summary>
internal sealed class ReadingPastDamage(Ledger ledger, Action<DroppedFacts>? dropped = null)
{
    LedgerDamagedException? _met;
    IReadOnlyList<Damage> _last = [];

    /// <summary>Fails the command if damaged facts were left out of the answer.</summary>
    public void ThrowIfDamaged()
    {
        if (_met is not null) ExceptionDispatchInfo.Throw(_met);
    }

    /// <summary>Facts that match a query, from a position forward or backward; 0 means the beginning, or the end.</summary>
    public async IAsyncEnumerable<Fact> LedgerAsync(FactQuery query, Position from, bool backward, [EnumeratorCancellation] CancellationToken ct)
    {
        var head = await HeadAsync(ct);
        var next = from == Position.None || (backward && from > head) ? (backward ? head : new Position(1)) : from;
        while (next > Position.None && next <= head)
        {
            var options = new ReadOptions { From = next, Backward = backward, AsOf = head, Dropped = dropped };
            await using var facts = ledger.ReadAsync(query, options, ct).GetAsyncEnumerator(ct);
            while (true)
            {
                var (isThere, isDamaged) = await TryMoveAsync(facts);
                if (isDamaged) break;
                if (!isThere) yield break;
                yield return facts.Current;
                next = Beyond(facts.Current.Position, facts.Current.Position, backward);
            }
            next = BeyondDamage(next, backward);
        }
    }

    /// <summary>Facts of a stream, forward. If damage hides the stream's list, its remaining facts are found by a query.</summary>
    public async IAsyncEnumerable<Fact> StreamAsync(StreamName stream, StreamReadOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        var until = (await ledger.ResolveAsync(options.AsOf, ct)).Position;
        var last = Position.None;
        await using var facts = ledger.ReadStreamAsync(stream, options with { AsOf = until, Dropped = dropped }, ct).GetAsyncEnumerator(ct);
        while (true)
        {
            var (isThere, isDamaged) = await TryMoveAsync(facts);
            if (isDamaged) break;
            if (!isThere) yield break;
            yield return facts.Current;
            last = facts.Current.Position;
        }

        await foreach (var fact in LedgerAsync(FactQuery.Stream(stream), last.Next(), backward: false, ct))
        {
            if (fact.Position > until) yield break;
            if (options.Selects(fact)) yield return fact;
        }
    }

    /// <summary>The last readable position. If it may not be the last one, the command fails, but what is readable is read nevertheless.</summary>
    async ValueTask<Position> HeadAsync(CancellationToken ct)
    {
        try
        {
            return await ledger.GetHeadAsync(ct);
        }
        catch (LedgerDamagedException damaged)
        {
            _met = damaged;
            return (await ledger.GetStatisticsAsync(ct)).Head;
        }
    }

    async ValueTask<(bool IsThere, bool IsDamaged)> TryMoveAsync(IAsyncEnumerator<Fact> facts)
    {
        try
        {
            return (await facts.MoveNextAsync(), IsDamaged: false);
        }
        catch (LedgerDamagedException damaged)
        {
            _last = damaged.Damage;
            if (_met is null || damaged.Damage.Count > _met.Damage.Count) _met = damaged;
            return (IsThere: false, IsDamaged: true);
        }
    }

    /// <summary>The position after the last damaged one: all matching facts before it have been read.</summary>
    Position BeyondDamage(Position position, bool backward)
    {
        var ahead = _last.Where(one => one.FirstPosition > Position.None && (backward ? one.FirstPosition <= position : one.LastPosition >= position)).ToList();
        if (ahead.Count == 0) return Beyond(position, position, backward);
        var nearest = backward ? ahead.MaxBy(one => one.LastPosition)! : ahead.MinBy(one => one.FirstPosition)!;
        return Beyond(nearest.FirstPosition, nearest.LastPosition, backward);
    }

    static Position Beyond(Position first, Position last, bool backward) => backward ? new Position(first.Value - 1) : last.Next();
}
