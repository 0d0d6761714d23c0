using System.Globalization;

namespace Factstone.Bench;

/// <summary>The options of the comparison on its command line.</summary>
internal sealed record ComparisonOptions
{
    const int FactsMin = 10_000;
    const int FactsMax = 100_000_000;

    public static readonly string Usage =
        $"dotnet run -c Release --project bench/Factstone.Bench -- [--rounds 3] [--seconds 3] [--facts 1000000] [--dir DIR] [--wait MINUTES] [--json] [{Bench.Workloads.Names}]";

    public int Rounds { get; init; } = 3;

    public double Seconds { get; init; } = 3;

    /// <summary>The number of facts in the stores whose reads, opening time and size are measured.</summary>
    public int Facts { get; init; } = 1_000_000;

    /// <summary>The directory for the files. The disk that contains it is measured.</summary>
    public string Directory { get; init; } = ".";

    /// <summary>The maximal time in which the whole comparison waits for an idle machine and repeats disturbed measurements; 0 for none.</summary>
    public double WaitMinutes { get; init; }

    /// <summary>Whether each result is written as one JSON object per line.</summary>
    public bool IsJson { get; init; }

    /// <summary>The names of the workloads; empty for all.</summary>
    public IReadOnlyList<string> Workloads { get; init; } = [];

    /// <summary>Reads the command line; null if it is not valid.</summary>
    public static ComparisonOptions? Parse(string[] words)
    {
        var options = new ComparisonOptions();
        var workloads = new List<string>();
        for (var i = 0; i < words.Length; i++)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            if (words[i] == "--rounds" && int.TryParse(value, CultureInfo.InvariantCulture, out var rounds) && rounds is > 0 and <= 100) options = options with { Rounds = rounds };
            else if (words[i] == "--seconds" && double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 600) options = options with { Seconds = seconds };
            else if (words[i] == "--facts" && int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var facts) && facts is >= FactsMin and <= FactsMax) options = options with { Facts = facts };
            else if (words[i] == "--wait" && double.TryParse(value, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 0 and <= 600) options = options with { WaitMinutes = minutes };
            else if (words[i] == "--dir" && value.Length > 0) options = options with { Directory = value };
            else if (words[i] == "--json")
            {
                options = options with { IsJson = true };
                continue;
            }
            else if (Bench.Workloads.Named(words[i]) is { Count: > 0 } named)
            {
                workloads.AddRange(named);
                continue;
            }
            else return null;
            i++;
        }

        return options with { Workloads = workloads };
    }
}
