using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>What the comparison is told on its command line.</summary>
internal sealed record ComparisonOptions
{
    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- [--rounds 3] [--seconds 3] [--dir DIR] [--wait MINUTES] [W1 W2 W3 W3-drawn W4]";

    public int Rounds { get; init; } = 3;

    public double Seconds { get; init; } = 3;

    /// <summary>Where the files are made; the disk under it is what is measured.</summary>
    public string Directory { get; init; } = ".";

    /// <summary>How long the whole run may wait for the rest of the machine to be still, and repeat what was disturbed. 0 for not at all.</summary>
    public double WaitMinutes { get; init; }

    public IReadOnlyList<Workload> Workloads { get; init; } = Workload.All;

    /// <summary>Null when the words are not understood.</summary>
    public static ComparisonOptions? Parse(string[] words)
    {
        var options = new ComparisonOptions();
        var workloads = new List<Workload>();
        for (var i = 0; i < words.Length; i++)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            if (words[i] == "--rounds" && int.TryParse(value, CultureInfo.InvariantCulture, out var rounds) && rounds is > 0 and <= 100) options = options with { Rounds = rounds };
            else if (words[i] == "--seconds" && double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 600) options = options with { Seconds = seconds };
            else if (words[i] == "--wait" && double.TryParse(value, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 0 and <= 600) options = options with { WaitMinutes = minutes };
            else if (words[i] == "--dir" && value.Length > 0) options = options with { Directory = value };
            else if (Workload.All.FirstOrDefault(one => one.Name.Equals(words[i], StringComparison.OrdinalIgnoreCase)) is { } workload)
            {
                workloads.Add(workload);
                continue;
            }
            else return null;
            i++;
        }

        return workloads.Count == 0 ? options : options with { Workloads = workloads };
    }
}
