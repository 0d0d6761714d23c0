using System.Globalization;

namespace Factstone.Bench;

/// <summary>The results of all sides in one round, measured one right after the other.</summary>
/// <param name="Round">The number of the round, from 1.</param>
/// <param name="Values">The results by the name of the side.</param>
/// <param name="Others">The share of the processors that other processes used meanwhile, from 0 to 1.</param>
/// <param name="Attempts">The number of measurements until one was not disturbed, or until the patience ended.</param>
internal sealed record MeasuredRound(int Round, IReadOnlyDictionary<string, double> Values, double Others, int Attempts)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Values.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:#,0.##}")))}; others used {100 * Others:0} % of the processors{(Attempts > 1 ? $"; repeated {Attempts - 1} times" : "")}");
}
