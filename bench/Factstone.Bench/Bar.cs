using System.Globalization;

namespace Factstone.Bench;

/// <summary>A result that a workload must reach, or should reach.</summary>
/// <param name="Text">The text for reports.</param>
/// <param name="IsMet">Whether the medians, by the name of the side, reach it.</param>
internal sealed record Bar(string Text, Func<IReadOnlyDictionary<string, double>, bool> IsMet)
{
    /// <summary>At least this many times the result of another side.</summary>
    public static Bar Times(double factor, string side) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{(factor == 1 ? "" : $"{factor} × ")}{side}"), medians => medians[Side.Factstone] >= factor * medians[side]);

    /// <summary>At least this many per second.</summary>
    public static Bar Rate(double rate) => new(string.Create(CultureInfo.InvariantCulture, $"{rate:N0}/s"), medians => medians[Side.Factstone] >= rate);

    /// <summary>At most this value.</summary>
    public static Bar AtMost(double value, string unit) => new(string.Create(CultureInfo.InvariantCulture, $"{value} {unit}"), medians => medians[Side.Factstone] <= value);

    public Bar And(Bar other) => new($"{Text} and {other.Text}", medians => IsMet(medians) && other.IsMet(medians));

    public string Shown(IReadOnlyDictionary<string, double> medians) => $"{Text}: {(IsMet(medians) ? "met" : "missed")}";
}
