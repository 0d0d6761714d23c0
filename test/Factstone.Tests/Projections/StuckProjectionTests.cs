using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Projections;

/// <summary>No read of a projection waits for what will not happen, and no build repeats what cannot succeed.</summary>
public sealed class StuckProjectionTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The scan of a few positions left out the facts of reserved stores, and the checkpoint moved behind them.
    [Theory]
    [InlineData(0)]
    [InlineData(4_096)]
    public async Task A_projection_over_a_store_of_Factstones_own_has_its_facts(long scannedPositionsMax)
    {
        var receipts = new Projection<long> { Name = "receipts", Source = FactQuery.Store("$receipts"), Seed = 0, Step = static (count, _) => count + 1, Json = TallyJson.Default.Int64 };
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.ReopenAsync(options => options with { InlineProjections = [receipts], ProjectionLimits = new ProjectionLimits { ScannedPositionsMax = scannedPositionsMax } });
        await ledger.AppendAsync("a", 1, 2, 3);
        await ledger.Ledger.TruncateAsync(new StreamName("s", "a"), new StreamVersion(1), "old", cancellationToken: Cancel);
        await ledger.Ledger.TruncateAsync(new StreamName("s", "a"), new StreamVersion(2), "old", cancellationToken: Cancel);

        Assert.Equal(2, (await ledger.Ledger.ReadProjectionAsync(receipts, cancellationToken: Cancel)).State);
    }

    // The build ended with the ledger, and nobody told those who waited for it.
    [Fact]
    public async Task A_read_that_waits_for_a_build_ends_with_the_ledger()
    {
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.AppendAsync("a", 1);
        await ledger.ReopenAsync(options => options with { AsyncProjections = [ByKey], ProjectionLimits = new ProjectionLimits { IsManual = true } });
        var waiting = ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel).AsTask();
        Assert.False(waiting.IsCompleted);

        await ledger.Ledger.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(ProjectionLedger.Patience, Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
    }

    // The new version has failed, and then a state of the one before could not be read: nobody was left to answer.
    [Fact]
    public async Task If_the_version_before_is_forgotten_and_the_new_one_has_failed_a_read_says_so()
    {
        var next = ByKey with { Version = 2, Replaces = ByKey, Step = static (_, _) => throw new InvalidOperationException("No.") };
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        await ledger.AppendAsync("b", 2);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Groups(1), "a", "{").AsOwn()] }, Cancel);
        await ledger.ReopenAsync(next);
        await ProjectionLedger.UntilAsync(() => Task.FromResult(((IProjectionSource)ledger.Ledger).Projections!.All.Single().Newest.Failure is not null));
        Assert.Equal(1, (await ledger.Ledger.ReadProjectionAsync(next, "b", cancellationToken: Cancel)).State.Count);

        var failed = await Assert.ThrowsAsync<ProjectionFailedException>(() => ledger.Ledger.ReadProjectionAsync(next, "a", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
        Assert.Equal(2, failed.Version);
    }

    // Each build wrote the same states, left them out of memory, could not read them, and began again.
    [Fact]
    public async Task A_state_that_does_not_read_back_fails_the_projection_and_not_the_append()
    {
        var definition = new Projection<WriteOnly>
        {
            Name = "write-only",
            Source = FactQuery.Store("s"),
            GroupBy = static fact => fact.Stream.Key,
            Seed = new WriteOnly(0),
            Step = static (state, _) => new WriteOnly(state.Count + 1),
            Json = WriteOnlyJson.Default.WriteOnly,
            GroupsInMemoryMax = 2,
        };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);

        for (var i = 0; i < 20; i++) await ledger.AppendAsync($"k{i % 10}", i).WaitAsync(ProjectionLedger.Patience, Cancel);

        var failed = await Assert.ThrowsAsync<ProjectionFailedException>(() => ledger.Ledger.ReadProjectionAsync(definition, "k1", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
        Assert.Contains("A state that was written cannot be read again.", failed.Message, StringComparison.Ordinal);
        Assert.Equal(20, (await ledger.Ledger.GetHeadAsync(Cancel)).Value);
    }
}

/// <summary>A state whose JSON nobody can read.</summary>
[JsonConverter(typeof(WriteOnlyConverter))]
public sealed record WriteOnly(long Count);

internal sealed class WriteOnlyConverter : JsonConverter<WriteOnly>
{
    public override WriteOnly Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new JsonException("It cannot be read.");

    public override void Write(Utf8JsonWriter writer, WriteOnly value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Count);
}

[JsonSerializable(typeof(WriteOnly))]
internal sealed partial class WriteOnlyJson : JsonSerializerContext;
