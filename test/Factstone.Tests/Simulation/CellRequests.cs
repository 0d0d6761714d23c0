using System.Globalization;

namespace Factstone.Tests.Simulation;

/// <summary>Draws writes of cells, and conditions on them.</summary>
internal sealed class CellRequests(Random random)
{
    public static readonly string[] Buckets = ["state", "ä"];

    public CellName Name() => new(Buckets[random.Next(Buckets.Length)], random.Next(6) == 0 ? "" : $"n{random.Next(5)}");

    public NewCell[] Draw(int countMin)
    {
        var names = Enumerable.Range(0, countMin + random.Next(3)).Select(_ => Name()).Distinct();
        return [.. names.Select(Cell)];
    }

    public AppendCondition Condition(ModelFacts model)
    {
        var name = Name();
        var version = model.Cells.Writes(name).Count;
        return random.Next(3) switch
        {
            0 => AppendCondition.CellAbsent(name.Bucket, name.Name),
            1 => AppendCondition.CellAt(name.Bucket, name.Name, Math.Max(1, version + (random.Next(4) == 0 ? random.Next(-1, 2) : 0))),
            _ => AppendCondition.CellEquals(name.Bucket, name.Name, random.Next(4) > 0 && model.Cells.Latest(name) is { } latest ? latest.Write.Value : new byte[] { (byte)'1' }),
        };
    }

    NewCell Cell(CellName name) => random.Next(12) switch
    {
        < 3 => NewCell.Delete(name.Bucket, name.Name),
        3 => NewCell.Put(name.Bucket, name.Name, new string((char)random.Next('a', 'z'), random.Next(1_000, 20_000))),
        4 => NewCell.Put(name.Bucket, name.Name, ""),
        _ => NewCell.Put(name.Bucket, name.Name, random.Next(4).ToString(CultureInfo.InvariantCulture)),
    };
}
