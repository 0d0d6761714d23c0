using Factstone.Child;

namespace Factstone.Tests.Processes;

/// <summary>Compares a ledger with the appends of the child and their answers.</summary>
internal static class LoadCheck
{
    /// <summary>Every acknowledged append is present with its content, every append is whole, and every stream is gapless.</summary>
    public static async Task HoldsAsync(Ledger ledger, IEnumerable<(long First, long Last, Load Load)> acknowledged)
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Empty(ledger.Damage);
        var appends = await AppendsAsync(ledger, new Position(1), []);
        foreach (var (first, last, load) in acknowledged)
        {
            Assert.True(appends.TryGetValue(first, out var found), $"The append at {first} was acknowledged and is gone; the head is {await ledger.GetHeadAsync(cancellation)}.");
            Assert.Equal((last, load), found);
        }

        foreach (var (first, (last, load)) in appends.Where(one => one.Value.Load.HasAppendId))
        {
            var receipt = await ledger.FindAppendAsync(load.AppendId, cancellation);
            Assert.Equal((first, last), (receipt?.FirstPosition.Value, receipt?.LastPosition.Value));
        }
    }

    /// <summary>Reads every fact from a position up to the head, and compares it with the content of its append.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="from">The first position of an append.</param>
    /// <param name="versions">The last version of each stream before that position. Updated by the call.</param>
    /// <returns>The last position and the content of each append, by its first position.</returns>
    public static async Task<Dictionary<long, (long Last, Load Load)>> AppendsAsync(Ledger ledger, Position from, Dictionary<StreamName, long> versions)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var appends = new Dictionary<long, (long, Load)>();
        var batch = new List<Fact>();
        await foreach (var fact in ledger.ReadAsync(new ReadOptions { From = from }, cancellation))
        {
            Assert.Equal(versions.GetValueOrDefault(fact.Stream) + 1, fact.StreamVersion.Value);
            versions[fact.Stream] = fact.StreamVersion.Value;
            if (batch.Count > 0 && batch[0].RecordedAt != fact.RecordedAt) Whole();
            batch.Add(fact);
        }

        if (batch.Count > 0) Whole();
        return appends;

        void Whole()
        {
            var load = Load.Of(batch[0]);
            var expected = load.Request().Facts;
            Assert.Equal(expected.Count, batch.Count);
            for (var i = 0; i < batch.Count; i++)
            {
                Assert.Equal(expected[i].Correlation, batch[i].Correlation);
                Assert.Equal((expected[i].Stream, expected[i].Type, expected[i].Retracts), (batch[i].Stream, batch[i].Type, batch[i].Retracts));
                Assert.True(expected[i].Payload.Span.SequenceEqual(batch[i].Payload.Span));
                Assert.Equal(batch[0].Position.Value + i, batch[i].Position.Value);
            }

            appends.Add(batch[0].Position.Value, (batch[^1].Position.Value, load));
            batch.Clear();
        }
    }
}
