namespace Factstone.Tests.Projections;

/// <summary>A fold that continues from an earlier state.</summary>
public sealed class ProjectedStateTests
{
    static readonly Projection<int> Count = new() { Name = "count", Seed = 0, Step = static (count, _) => count + 1 };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // A state of version 5 was folded on with a reader as of version 2, and came back as the state of version 2.
    [Fact]
    public async Task A_reader_as_of_an_earlier_point_refuses_a_later_state_of_a_stream_as_of_a_query()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        for (var i = 0; i < 5; i++) await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "placed"), Cancellation);
        var stream = new StreamName("orders", "1");
        var late = await ledger.ProjectAsync(Count, stream, Cancellation);
        var early = await ledger.AsOf(new Position(2)).ProjectAsync(Count, stream, Cancellation);
        Assert.Equal((5, 5, 2, 2), (late.State, late.Position.Value, early.State, early.Position.Value));

        var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.AsOf(new Position(2)).ProjectAsync(Count, stream, late, Cancellation));
        Assert.StartsWith("The state is of position 5, and the last fact is at position 2.", refused.Message, StringComparison.Ordinal);
        var ofQuery = await ledger.ProjectAsync(Count, FactQuery.Stream(stream), Cancellation);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.AsOf(new Position(2)).ProjectAsync(Count, FactQuery.Stream(stream), ofQuery, Cancellation));

        Assert.Equal(late, await ledger.AsOf(new Position(5)).ProjectAsync(Count, stream, early, Cancellation));
        Assert.Equal(early, await ledger.AsOf(new Position(2)).ProjectAsync(Count, stream, early, Cancellation));
    }
}
