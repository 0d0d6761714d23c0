namespace Factstone.Tests.Simulation;

/// <summary>Compares the cells of a ledger with those of the model.</summary>
internal static class CellComparison
{
    public static void Same(Ledger ledger, ModelFacts model, CellName name, string where = "")
    {
        var found = SimulationRun.Sync(ledger.ReadCellAsync(name.Bucket, name.Name));
        var expected = model.Cells.Latest(name);
        var version = model.Cells.Writes(name).Count;
        SimulationFailure.When(found is null != expected is null, $"cell {name}{where}: {(expected is null ? "no value" : $"a value of v{version}")} expected, found {found?.ToString() ?? "none"}");
        if (found is null) return;
        var isSame = found.Version.Value == version && found.RecordedAt == expected!.RecordedAt && found.Value.Span.SequenceEqual(expected.Write.Value.Span);
        SimulationFailure.When(!isSame, $"cell {name}{where} is v{found.Version} with {found.Value.Length} bytes instead of v{version} with {expected!.Write.Value.Length}");
    }

    public static void SameList(Ledger ledger, ModelFacts model, string bucket, string where = "")
    {
        var names = new List<string>();
        var enumerator = ledger.ListCellNamesAsync(bucket).GetAsyncEnumerator();
        while (SimulationRun.Sync(enumerator.MoveNextAsync())) names.Add(enumerator.Current.Name);
        SimulationFailure.When(!names.SequenceEqual(model.Cells.List(bucket)), $"the cells of {bucket}{where} are {string.Join(", ", names)}");
    }

    public static void AllAreSame(Ledger ledger, ModelFacts model)
    {
        foreach (var name in model.Cells.Names) Same(ledger, model, name);
        foreach (var bucket in CellRequests.Buckets) SameList(ledger, model, bucket);
    }
}
