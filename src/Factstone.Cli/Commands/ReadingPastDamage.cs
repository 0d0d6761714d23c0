using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Factstone.Cli.Commands;

/// <summary>Reads what is readable of a damaged ledger, and keeps what was not, so that the command ends with it.</summary>
internal sealed class ReadingPastDamage(Ledger ledger)
{
    LedgerDamagedException? _met;

    /// <summary>What is damaged was left out of the answer: the command has failed.</summary>
    public void ThrowIfDamaged()
    {
        if (_met is not null) ExceptionDispatchInfo.Throw(_met);
    }

    /// <summary>Facts from a position on, or back from it; 0 is the beginning, or the end.</summary>
    public async IAsyncEnumerable<Fact> LedgerAsync(Position from, bool backward, [EnumeratorCancellation] CancellationToken ct)
    {
        var head = await ledger.GetHeadAsync(ct);
        var next = from == Position.None || (backward && from > head) ? (backward ? head : new Position(1)) : from;
        while (next > Position.None && next <= head)
        {
            var options = new ReadOptions { From = next, Backward = backward, AsOf = head };
            await using var facts = ledger.ReadAsync(options, ct).GetAsyncEnumerator(ct);
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

    /// <summary>Facts of a stream. Where damage keeps its list from being known, the whole ledger is searched for what is left of it.</summary>
    public async IAsyncEnumerable<Fact> StreamAsync(StreamName stream, LedgerTime asOf, [EnumeratorCancellation] CancellationToken ct)
    {
        var until = (await ledger.ResolveAsync(asOf, ct)).Position;
        var last = Position.None;
        await using var facts = ledger.ReadStreamAsync(stream, new StreamReadOptions { AsOf = until }, ct).GetAsyncEnumerator(ct);
        while (true)
        {
            var (isThere, isDamaged) = await TryMoveAsync(facts);
            if (isDamaged) break;
            if (!isThere) yield break;
            yield return facts.Current;
            last = facts.Current.Position;
        }

        await foreach (var fact in LedgerAsync(last.Next(), backward: false, ct))
        {
            if (fact.Position > until) yield break;
            if (fact.Stream == stream) yield return fact;
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
            if (_met is null || damaged.Damage.Count > _met.Damage.Count) _met = damaged;
            return (IsThere: false, IsDamaged: true);
        }
    }

    Position BeyondDamage(Position position, bool backward)
    {
        var covering = ledger.Damage.Concat(_met?.Damage ?? []).FirstOrDefault(one => one.FirstPosition <= position && position <= one.LastPosition);
        return covering is null ? Beyond(position, position, backward) : Beyond(covering.FirstPosition, covering.LastPosition, backward);
    }

    static Position Beyond(Position first, Position last, bool backward) => backward ? new Position(first.Value - 1) : last.Next();
}
