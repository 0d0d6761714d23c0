namespace Factstone.Bench;

/// <summary>One of the stores or probes that do the same work.</summary>
/// <param name="Name">The name.</param>
/// <param name="MeasureAsync">Does the work once, checks the answers, and returns the result.</param>
internal sealed record Side(string Name, Func<ValueTask<double>> MeasureAsync)
{
    public const string Probe = "probe";
    public const string Sqlite = "SQLite";
    public const string Factstone = "Factstone";
}
