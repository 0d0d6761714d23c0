namespace Factstone.Bench;

/// <summary>One of those that do the same work.</summary>
/// <param name="Name">Which.</param>
/// <param name="MeasureAsync">Does it once, checks its answers, and says how much came of it.</param>
internal sealed record Side(string Name, Func<ValueTask<double>> MeasureAsync)
{
    public const string Probe = "probe";
    public const string Sqlite = "SQLite";
    public const string Factstone = "Factstone";
}
