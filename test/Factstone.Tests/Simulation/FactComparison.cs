namespace Factstone.Tests.Simulation;

/// <summary>Compares a fact of the ledger with the model's.</summary>
internal static class FactComparison
{
    public static void Same(Fact actual, ModelFact expected, ModelFacts model, uint ledgerTag)
    {
        var fact = expected.Fact;
        var cause = expected.CausePosition == 0 ? fact.Causation : IdOf(model.All[(int)expected.CausePosition - 1], ledgerTag);
        var isSame = actual.Position.Value == expected.Position && actual.Stream == fact.Stream && actual.StreamVersion.Value == expected.Version
            && actual.RecordedAt == expected.RecordedAt && actual.Type == fact.Type && actual.Retracts == fact.Retracts && actual.ContentType == fact.ContentType
            && actual.Correlation == fact.Correlation && actual.Metadata == fact.Metadata && actual.ValidFrom == fact.ValidFrom && actual.Causation == cause
            && actual.Tags.SequenceEqual(fact.Tags.Order(Utf8Order.Instance)) && actual.Payload.Span.SequenceEqual(fact.Payload.Span)
            && actual.Id == IdOf(expected, ledgerTag);
        SimulationFailure.When(!isSame, $"position {expected.Position}: expected {fact.Stream} v{expected.Version} {fact.Type} of request {fact.Correlation} recorded {expected.RecordedAt:O}, found {actual} of request {actual.Correlation} recorded {actual.RecordedAt:O}");
    }

    static Guid IdOf(ModelFact fact, uint ledgerTag) => FactId.Create(Microseconds.From(fact.RecordedAt), new Position(fact.Position), ledgerTag);
}
