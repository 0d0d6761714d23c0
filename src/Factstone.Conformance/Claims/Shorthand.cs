using Factstone.Conformance.Wrapping;

namespace Factstone.Conformance.Claims;

/// <summary>What most claims do, in few words.</summary>
internal static class Shorthand
{
    /// <summary>A stream that most claims use.</summary>
    public const string Account = "accounts/a";

    public static readonly Projection<long> Balance = new()
    {
        Name = "balance",
        Seed = 0,
        Step = static (balance, fact) => fact.Value switch
        {
            Deposited deposited => balance + deposited.Amount,
            Withdrawn withdrawn => balance - withdrawn.Amount,
            _ => balance,
        },
    };

    /// <summary>A state that also shows the order of the facts, and whether one was folded twice.</summary>
    public static readonly Projection<string> Journal = new()
    {
        Name = "journal",
        Seed = "",
        Step = static (journal, fact) => journal + fact.Value switch
        {
            Deposited deposited => $"+{deposited.Amount}",
            Withdrawn withdrawn => $"-{withdrawn.Amount}",
            _ => $"({fact.Type})",
        },
    };

    /// <summary>The journal of <see cref="Account"/> as a projection that the ledger keeps.</summary>
    public static readonly Projection<string> KeptJournal = Journal with { Name = "kept-journal", Source = FactQuery.Stream(Account), Json = ClaimJson.Default.String };

    /// <summary>The balance of each account, in groups by key.</summary>
    public static readonly Projection<long> Balances = Balance with { Name = "kept-balances", Source = FactQuery.Store("accounts"), GroupBy = static fact => fact.Stream.Key, Json = ClaimJson.Default.Int64 };

    extension(ClaimContext context)
    {
        /// <summary>Appends values to a stream, in one append.</summary>
        public Task<AppendReceipt> AppendAsync(StreamName stream, params object[] values) => context.Ledger.AppendAsync(stream, values, context.CancellationToken).AsTask();

        public Task<AppendReceipt> AppendAsync(NewFact fact) => context.Ledger.AppendAsync(fact, context.CancellationToken).AsTask();

        public Task<AppendOutcome> TryAsync(AppendRequest request) => context.Ledger.TryAppendAsync(request, context.CancellationToken).AsTask();

        /// <summary>Appends one deposit of each amount, each in an append of its own.</summary>
        public async Task DepositAsync(StreamName stream, params long[] amounts)
        {
            foreach (var amount in amounts) await context.AppendAsync(stream, new Deposited(amount));
        }

        public Task<List<Fact>> StreamAsync(StreamName stream, StreamReadOptions? options = null) => context.Ledger.ReadStreamAsync(stream, options, context.CancellationToken).ListAsync();

        public Task<List<Fact>> ReadAsync(FactQuery query, ReadOptions? options = null) => context.Ledger.ReadAsync(query, options, context.CancellationToken).ListAsync();

        public Task<List<Fact>> ReadAllAsync(ReadOptions? options = null) => context.Ledger.ReadAsync(options, context.CancellationToken).ListAsync();

        public async Task<long> VersionAsync(StreamName stream) => (await context.Ledger.GetVersionAsync(stream, cancellationToken: context.CancellationToken)).Value;

        /// <summary>The amounts of the deposits of a stream.</summary>
        public async Task<List<long>> AmountsAsync(StreamName stream, StreamReadOptions? options = null) => (await context.StreamAsync(stream, options)).Amounts();

        /// <summary>Opens the ledger again with these projections.</summary>
        public Task KeepAsync(Projection? inline = null, Projection? background = null) =>
            context.ReopenAsync(new LedgerSetup { Types = ClaimTypes.All, InlineProjections = inline is null ? [] : [inline], AsyncProjections = background is null ? [] : [background] });

        /// <summary>Reads a kept projection.</summary>
        public Task<Projected<TState>> KeptAsync<TState>(Projection<TState> projection, string? key = null, Position? atLeast = null) =>
            context.CallAsync(ledger => ledger is LedgerDecorator decorator ? decorator.ReadProjectionAsync(projection, key, atLeast, context.CancellationToken) : ledger.ReadProjectionAsync(projection, key, atLeast, context.CancellationToken)).AsTask();

        public KeyValue<long> Counters => context.Ledger.KeyValue("counters", ClaimJson.Default.Int64);

        public KeyValue<Setting> Settings => context.Ledger.KeyValue("settings", ClaimJson.Default.Setting);
    }

    /// <summary>The ledger that keeps the projections, inside its wrappers.</summary>
    public static ILedger Keeping(this ILedger ledger) => ledger is LedgerDecorator decorator ? decorator.Keeping : ledger;

    public static List<long> Amounts(this IEnumerable<Fact> facts) => [.. facts.Select(static fact => fact.Value is Deposited deposited ? deposited.Amount : -1)];

    public static IEnumerable<long> Versions(this IEnumerable<Fact> facts) => facts.Select(static fact => fact.StreamVersion.Value);

    /// <summary>What proves that two reads returned the same facts, byte for byte.</summary>
    public static IEnumerable<string> Leaves(this IEnumerable<Fact> facts) => facts.Select(static fact => $"{fact.Position} {Convert.ToHexString(fact.Leaf())}");

    public static async Task<List<T>> ListAsync<T>(this IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items) list.Add(item);
        return list;
    }

    /// <summary>Runs a number of callers at once.</summary>
    public static Task<T[]> AtOnceAsync<T>(int callers, Func<int, Task<T>> call) => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => call(caller))));

    /// <summary>The next facts of a follower.</summary>
    public static async Task<List<Fact>> TakeAsync(this Follower follower, int count, CancellationToken cancellationToken)
    {
        var taken = new List<Fact>();
        while (taken.Count < count)
        {
            Check.True(await follower.WaitToReadAsync(cancellationToken), "the follower goes on");
            while (taken.Count < count && follower.TryRead(out var fact)) taken.Add(fact);
        }

        return taken;
    }
}
