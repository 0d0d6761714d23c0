using System.Text.Json.Serialization;
using Factstone.Storage;

namespace Factstone.Tests.Projections;

/// <summary>How many facts a group has had, the sum of their numbers, and the last of them.</summary>
public sealed record Tally(long Count, long Sum, long Last)
{
    public static readonly Tally Empty = new(0, 0, 0);

    public string Padding { get; init; } = "";

    /// <summary>The state after a fact whose payload is a number. It depends on the order of the facts.</summary>
    public static Tally Step(Tally tally, Fact fact)
    {
        var number = long.Parse(fact.Json!, System.Globalization.CultureInfo.InvariantCulture);
        return tally with { Count = tally.Count + 1, Sum = unchecked((tally.Sum * 31) + number), Last = number };
    }
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Tally))]
[JsonSerializable(typeof(long))]
internal sealed partial class TallyJson : JsonSerializerContext;

/// <summary>A ledger in memory that can be opened again, for the tests of projections. A fact is a number in a stream of the store "s".</summary>
internal sealed class ProjectionLedger : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>One state for each stream.</summary>
    public static readonly Projection<Tally> ByKey = new()
    {
        Name = "by-key",
        Source = FactQuery.Store("s"),
        GroupBy = static fact => fact.Stream.Key,
        Seed = Tally.Empty,
        Step = Tally.Step,
        Json = TallyJson.Default.Tally,
        SnapshotEvery = 1_000_000_000,
    };

    /// <summary>One state for all.</summary>
    public static readonly Projection<Tally> Whole = ByKey with { Name = "whole", GroupBy = null };

    public MemoryFileSystem Files { get; } = new();

    public Ledger Ledger { get; private set; } = null!;

    public List<LedgerNotice> Notices { get; } = [];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public LedgerOptions Options => new() { FileSystem = Files, PreallocationBytesMax = 0, Notice = Add };

    public static async Task<ProjectionLedger> OpenAsync(params Projection[] inline)
    {
        var ledger = new ProjectionLedger();
        await ledger.ReopenAsync(inline);
        return ledger;
    }

    public Task ReopenAsync(params Projection[] inline) => ReopenAsync(options => options with { InlineProjections = inline });

    public async Task ReopenAsync(Func<LedgerOptions, LedgerOptions> change)
    {
        if (Ledger is not null) await Ledger.DisposeAsync();
        Ledger = await Ledger.OpenAsync("ledger", change(Options), Cancellation);
    }

    /// <summary>Opens a second ledger on the same files, for reading.</summary>
    public ValueTask<Ledger> OpenReadOnlyAsync(params Projection[] inline) => Ledger.OpenReadOnlyAsync("ledger", Options with { InlineProjections = inline }, Cancellation);

    public async Task<Position> AppendAsync(string key, params long[] numbers) =>
        (await Ledger.AppendAsync(new AppendRequest { Facts = [.. numbers.Select(number => Number(key, number))] }, Cancellation)).LastPosition;

    public static NewFact Number(string key, long number) => new(new StreamName("s", key), "number", number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>The states of all groups, folded now from the first fact.</summary>
    public static async Task<SortedDictionary<string, Tally>> FullFoldAsync(ILedgerReader ledger)
    {
        var states = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        await foreach (var fact in ledger.ReadAsync(FactQuery.Store("s"), cancellationToken: Cancellation))
            states[fact.Stream.Key] = Tally.Step(states.GetValueOrDefault(fact.Stream.Key, Tally.Empty), fact);
        return states;
    }

    /// <summary>The states of all groups as the projection says.</summary>
    public static async Task<SortedDictionary<string, Tally>> StatesAsync(ILedger ledger, Projection<Tally> projection)
    {
        var states = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        await foreach (var group in ledger.ListProjectionAsync(projection, cancellationToken: Cancellation)) states.Add(group.Key!, group.State);
        return states;
    }

    /// <summary>Waits for what the background does soon.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience);
            await Task.Delay(1, Cancellation);
        }
    }

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();

    void Add(LedgerNotice notice)
    {
        lock (Notices) Notices.Add(notice);
    }
}
