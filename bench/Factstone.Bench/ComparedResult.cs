using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>The results of one workload over all rounds.</summary>
internal sealed class ComparedResult(IComparedWorkload workload)
{
    readonly List<MeasuredRound> _rounds = [];
    readonly Dictionary<string, Rates> _sides = [];

    public IComparedWorkload Workload => workload;

    public IReadOnlyList<MeasuredRound> Rounds => _rounds;

    /// <summary>The rates by the name of the side, in the order of the workload's sides.</summary>
    public IReadOnlyDictionary<string, Rates> Sides => _sides;

    public IReadOnlyDictionary<string, double> Medians => _sides.ToDictionary(side => side.Key, side => side.Value.Median);

    public void Add(MeasuredRound round)
    {
        _rounds.Add(round);
        foreach (var side in workload.Sides)
        {
            if (!_sides.TryGetValue(side.Name, out var rates)) _sides.Add(side.Name, rates = new Rates());
            rates.Add(round.Values[side.Name]);
        }
    }
}
