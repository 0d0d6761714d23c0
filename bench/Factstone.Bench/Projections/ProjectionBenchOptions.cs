using System.Globalization;

namespace Factstone.Bench;

/// <summary>What the projection bench measures, and how long.</summary>
internal sealed record ProjectionBenchOptions
{
    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- projections [--seconds 3] [--rounds 5] [--facts 2000000] [--groups 100000] [--dir DIR] [inline] [catch-up] [rebuild]";

    static readonly string[] AllParts = ["inline", "catch-up", "rebuild"];

    public int Seconds { get; private init; } = 3;

    public int Rounds { get; private init; } = 5;

    public int Facts { get; private init; } = 2_000_000;

    public int Groups { get; private init; } = 100_000;

    public string Directory { get; private init; } = ".";

    public IReadOnlyList<string> Parts { get; private init; } = AllParts;

    /// <summary>Null if a word is not understood.</summary>
    public static ProjectionBenchOptions? Parse(string[] words)
    {
        var options = new ProjectionBenchOptions();
        string[] parts = [.. words.Where(static word => AllParts.Contains(word))];
        if (parts.Length > 0) options = options with { Parts = parts };
        words = [.. words.Where(static word => !AllParts.Contains(word))];
        for (var i = 0; i < words.Length; i += 2)
        {
            if (i + 1 >= words.Length) return null;
            var isNumber = int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
            switch (words[i])
            {
                case "--dir":
                    options = options with { Directory = words[i + 1] };
                    break;
                case "--seconds" when isNumber:
                    options = options with { Seconds = number };
                    break;
                case "--rounds" when isNumber:
                    options = options with { Rounds = number };
                    break;
                case "--facts" when isNumber:
                    options = options with { Facts = number };
                    break;
                case "--groups" when isNumber:
                    options = options with { Groups = number };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
