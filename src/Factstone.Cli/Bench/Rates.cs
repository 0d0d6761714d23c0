namespace Factstone.Cli.Bench;

/// <summary>The results of several rounds, such as facts per second.</summary>
internal sealed class Rates
{
    readonly List<double> _rounds = [];

    public void Add(double rate) => _rounds.Add(rate);

    public double Median
    {
        get
        {
            var sorted = _rounds.Order().ToArray();
            var middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public double Least => _rounds.Min();

    public double Most => _rounds.Max();
}
