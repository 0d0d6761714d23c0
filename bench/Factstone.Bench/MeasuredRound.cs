using System.Globalization;

namespace Factstone.Bench;

/// <summary>What the sides did, one right after the other.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Values">By the side's name.</param>
/// <param name="Others">The share of the processors that others used meanwhile, from 0 to 1.</param>
/// <param name="Attempts">How often it was measured until others were still, or patience was over.</param>
internal sealed record MeasuredRound(int Round, IReadOnlyDictionary<string, double> Values, double Others, int Attempts)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Values.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:#,0.##}")))}; others used {100 * Others:0} % of the processors{(Attempts > 1 ? $"; repeated {Attempts - 1} times" : "")}");
}
