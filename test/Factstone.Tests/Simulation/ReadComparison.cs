using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>Compares reads of a ledger with the model.</summary>
internal sealed class ReadComparison(ModelFacts model, Requests requests, Random random, ManualTimeProvider clock, SimulationCounts counts)
{
    /// <summary>A few reads of every kind, up to a head that the model has reached.</summary>
    public void Some(Ledger ledger, long head)
    {
        counts.Count("reads");
        var until = random.Next(2) == 0 ? head : random.NextInt64(0, head + 1);
        LedgerTime asOf = LedgerTime.AtPosition(new Position(until));
        if (until > 0 && random.Next(3) == 0)
        {
            var time = model.All[(int)until - 1].RecordedAt + TimeSpan.FromMicroseconds(random.Next(-1, 2));
            if (time <= clock.GetUtcNow())
            {
                asOf = LedgerTime.RecordedBy(time);
                until = model.PositionAt(time);
                if (until > head) return;
                var resolved = SimulationRun.Sync(ledger.ResolveAsync(asOf)).Position.Value;
                SimulationFailure.When(resolved != until, $"recorded by {time:O} is position {until}, not {resolved}");
            }
        }

        var stream = requests.Stream();
        var expected = model.Stream(stream).Where(fact => fact.Position <= until).ToList();
        var backward = random.Next(2) == 0;
        var read = SimulationRun.Facts(ledger.ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf, Backward = backward }));
        if (backward) read.Reverse();
        Same(read, expected, ledger);

        var latest = SimulationRun.Sync(ledger.ReadLatestAsync(stream, asOf));
        var value = expected.Count > 0 && !expected[^1].Fact.Retracts ? expected[^1] : null;
        SimulationFailure.When(latest is null != value is null, $"{stream} as of {until}: value expected {value is not null}, found {latest is not null}");
        if (latest is not null) FactComparison.Same(latest, value!, model, ledger.Id.Tag);

        var listed = SimulationRun.Facts(ledger.ListAsync(stream.Store, new ListOptions { AsOf = asOf })).Select(fact => fact.Stream.Key);
        var keys = model.Streams.Where(name => name.Store == stream.Store && model.LastAt(name, until) is { Fact.Retracts: false }).Select(name => name.Key).Order(Utf8Order.Instance);
        SimulationFailure.When(!listed.SequenceEqual(keys), $"the keys of {stream.Store} as of {until} differ");

        var query = requests.Query();
        var (after, limit) = (until == 0 || random.Next(2) == 0 ? 0 : random.NextInt64(until), random.Next(3) == 0 ? random.Next(1, 4) : (long?)null);
        var matching = model.Matching(query, after, until);
        if (backward) matching = matching.Reverse();
        var options = new ReadOptions { From = new Position(backward ? until : after + 1), Backward = backward, AsOf = asOf, Limit = limit };
        if (backward && after > 0) options = options with { RecordedFrom = model.All[(int)after - 1].RecordedAt + TimeSpan.FromMicroseconds(1) };
        if (!backward || after == 0 || model.All[(int)after].RecordedAt != model.All[(int)after - 1].RecordedAt)
            Same(SimulationRun.Facts(ledger.ReadAsync(query, options)), [.. limit is { } most ? matching.Take((int)most) : matching], ledger);
        SimulationFailure.When(SimulationRun.Sync(ledger.CountAsync(query, asOf)) != model.Matching(query, 0, until).Count(), $"the count of {query} as of {until} differs");

        CellComparison.Same(ledger, model, requests.Cell());
        CellComparison.SameList(ledger, model, requests.Cell().Bucket);

        if (model.Appends.Count == 0) return;
        var (id, append) = model.Appends.ElementAt(random.Next(model.Appends.Count));
        if (append.First + append.Request.Facts.Count - 1 > head) return;
        var receipt = SimulationRun.Sync(ledger.FindAppendAsync(id));
        SimulationFailure.When(receipt is null || receipt.FirstPosition.Value != append.First || receipt.Count != append.Request.Facts.Count, $"append {id} is at {append.First}, and was found at {receipt?.FirstPosition}");
    }

    /// <summary>Compares every fact, cell and append.</summary>
    public void All(Ledger ledger)
    {
        var head = SimulationRun.Sync(ledger.GetHeadAsync()).Value;
        SimulationFailure.When(head != model.Head, $"the head is {head}, and the model's is {model.Head}");
        Same(SimulationRun.Facts(ledger.ReadAsync()), model.All, ledger);
        CellComparison.AllAreSame(ledger, model);
        foreach (var id in model.Appends.Keys)
            SimulationFailure.When(SimulationRun.Sync(ledger.FindAppendAsync(id)) is null, $"append {id} is not known");
    }

    public void Same(List<Fact> actual, IReadOnlyList<ModelFact> expected, Ledger ledger)
    {
        SimulationFailure.When(actual.Count != expected.Count, $"{expected.Count} facts expected, {actual.Count} found");
        for (var i = 0; i < actual.Count; i++) FactComparison.Same(actual[i], expected[i], model, ledger.Id.Tag);
    }
}
