using System.Globalization;

namespace Factstone.Bench;

/// <summary>The options of the measurement of merges on its command line.</summary>
internal sealed record MergeOptions
{
    const long TermsMin = 1_000;
    const long TermsMax = 400_000_000;

    public const string Word = "merge";

    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- merge [--terms 2000000,20000000,100000000] [--dir DIR] [--appends]";

    /// <summary>The numbers of terms of the merged runs, one measurement for each.</summary>
    public IReadOnlyList<long> Terms { get; init; } = [2_000_000, 20_000_000, 100_000_000];

    /// <summary>The directory for the files. The disk that contains it is measured.</summary>
    public string Directory { get; init; } = ".";

    /// <summary>Whether facts are appended to a ledger meanwhile. The latencies of these appends are then the result.</summary>
    public bool Appends { get; init; }

    /// <summary>Reads the command line; null if it is not valid.</summary>
    public static MergeOptions? Parse(string[] words)
    {
        var options = new MergeOptions();
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == "--appends") options = options with { Appends = true };
            else if (words[i] == "--dir" && i + 1 < words.Length) options = options with { Directory = words[++i] };
            else if (words[i] == "--terms" && i + 1 < words.Length && Numbers(words[++i]) is { } terms) options = options with { Terms = terms };
            else return null;
        }

        return options;
    }

    static List<long>? Numbers(string word)
    {
        var numbers = new List<long>();
        foreach (var part in word.Split(','))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < TermsMin or > TermsMax) return null;
            numbers.Add((number + SyntheticRuns.TermsMultiple - 1) / SyntheticRuns.TermsMultiple * SyntheticRuns.TermsMultiple);
        }

        return numbers;
    }
}
