using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>Writes a table at the end; there is none if an answer was wrong.</summary>
internal sealed class TableResults(TextWriter output) : IResults
{
    const string None = "—";

    readonly List<ComparedResult> _results = [];

    public async Task BeginAsync(params string[] lines)
    {
        foreach (var line in lines) await output.WriteLineAsync(line);
    }

    public async Task AddAsync(ComparedResult result)
    {
        _results.Add(result);
        foreach (var round in result.Rounds) await output.WriteLineAsync($"round {round.Round} {result.Workload.Name}: {round}");
    }

    public async Task EndAsync(string line)
    {
        await output.WriteLineAsync(line);
        await output.WriteLineAsync();
        await output.WriteLineAsync("| workload | in | beside | SQLite | Factstone | ÷ SQLite | ÷ beside | must | goal |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|");
        foreach (var result in _results) await output.WriteLineAsync(Row(result));
    }

    static string Row(ComparedResult result)
    {
        var (workload, medians) = (result.Workload, result.Medians);
        var ours = result.Sides[Side.Factstone];
        var beside = result.Sides.FirstOrDefault(side => side.Key is not (Side.Sqlite or Side.Factstone));
        string?[] cells =
        [
            $"{workload.Name} {workload.What}",
            workload.Unit,
            beside.Value is null ? None : $"{beside.Key} {Shown(beside.Value)}",
            result.Sides.TryGetValue(Side.Sqlite, out var sqlite) ? Shown(sqlite) : None,
            $"**{Number(ours.Median)}** ({Number(ours.Least)}–{Number(ours.Most)})",
            Ratio(ours, sqlite),
            Ratio(ours, beside.Value),
            workload.Must?.Shown(medians) ?? None,
            workload.Goal?.Shown(medians) ?? None,
        ];
        return $"| {string.Join(" | ", cells)} |";
    }

    static string Ratio(Rates ours, Rates? other) => other is null ? None : (ours.Median / other.Median).ToString("0.00", CultureInfo.InvariantCulture);

    static string Shown(Rates rates) => $"{Number(rates.Median)} ({Number(rates.Least)}–{Number(rates.Most)})";

    static string Number(double value) => value.ToString(value < 1_000 ? "0.0" : "N0", CultureInfo.InvariantCulture);
}
