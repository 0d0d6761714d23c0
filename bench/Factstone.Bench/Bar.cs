namespace Factstone.Bench;

/// <summary>What a workload must reach, and what it should.</summary>
/// <param name="SqliteRatio">Times the rate of SQLite; 0 for no such bar.</param>
/// <param name="Rate">Facts per second; 0 for no such bar.</param>
/// <param name="Goal">As text.</param>
/// <param name="GoalRate">Facts per second; 0 where the goal is a share of the probe.</param>
/// <param name="GoalShare">Share of the probe; 0 where the goal is a rate.</param>
internal sealed record Bar(double SqliteRatio, double Rate, string Goal, double GoalRate, double GoalShare)
{
    public static Bar Of(string workload) => workload switch
    {
        "W1" => new(1.2, 0, "0.95 × probe", 0, 0.95),
        "W2" => new(2.5, 120_000, "280,000/s", 280_000, 0),
        "W3" or "W3-drawn" => new(3, 0, "650,000/s", 650_000, 0),
        _ => new(0, 300_000, "2,000,000/s", 2_000_000, 0),
    };

    public string Must => string.Join(" and ", new[] { SqliteRatio > 0 ? $"{SqliteRatio} × SQLite" : "", Rate > 0 ? $"{Rate:N0}/s" : "" }.Where(part => part.Length > 0));

    public bool IsMet(double rate, double sqlite) => rate >= SqliteRatio * sqlite && rate >= Rate;

    public bool IsGoalMet(double rate, double probe) => rate >= GoalRate && rate >= GoalShare * probe;
}
