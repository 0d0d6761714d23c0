using System.Text.Json;

namespace Factstone.Conformance;

/// <summary>What became of a claim.</summary>
public enum ClaimStatus
{
    /// <summary>It holds.</summary>
    Passed = 1,

    /// <summary>It does not hold.</summary>
    Failed = 2,

    /// <summary>It cannot be checked, because the ledgers of the source do not have what it is about.</summary>
    Missing = 3,
}

/// <summary>The result of one claim.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Message">Why it failed, or what is missing; null if it passed.</param>
/// <param name="Duration">How long the check took.</param>
public sealed record ClaimResult(Claim Claim, ClaimStatus Status, string? Message, TimeSpan Duration);

/// <summary>The results of the claims of one facet, as numbers.</summary>
/// <param name="Facet">The facet.</param>
/// <param name="Passed">Claims that hold.</param>
/// <param name="Failed">Claims that do not hold.</param>
/// <param name="Missing">Claims about what the ledgers of the source do not have.</param>
public sealed record FacetScore(Facet Facet, int Passed, int Failed, int Missing)
{
    /// <summary>All claims of the facet.</summary>
    public int Total => Passed + Failed + Missing;

    /// <summary>Whether the facet is there: each of its claims holds, and none is missing.</summary>
    public bool IsComplete => Passed > 0 && Failed == 0 && Missing == 0;
}

/// <summary>The scoreboard of one run: each claim of a suite on the ledgers of one source.</summary>
public sealed class ConformanceRun
{
    internal ConformanceRun(string source, IReadOnlyList<ClaimResult> results)
    {
        (Source, Results) = (source, results);
        Facets =
        [
            .. results.GroupBy(static result => result.Claim.Facet).Select(static facet => new FacetScore(
                facet.Key,
                facet.Count(static result => result.Status == ClaimStatus.Passed),
                facet.Count(static result => result.Status == ClaimStatus.Failed),
                facet.Count(static result => result.Status == ClaimStatus.Missing))),
        ];
    }

    /// <summary>The name of the source.</summary>
    public string Source { get; }

    /// <summary>The result of each claim, in the order of the suite.</summary>
    public IReadOnlyList<ClaimResult> Results { get; }

    /// <summary>The numbers of each facet that has a claim.</summary>
    public IReadOnlyList<FacetScore> Facets { get; }

    /// <summary>The claims that do not hold.</summary>
    public IEnumerable<ClaimResult> Failures => Results.Where(static result => result.Status == ClaimStatus.Failed);

    /// <summary>Claims that hold.</summary>
    public int Passed => Facets.Sum(static facet => facet.Passed);

    /// <summary>Claims that do not hold.</summary>
    public int Failed => Facets.Sum(static facet => facet.Failed);

    /// <summary>Claims about what the ledgers of the source do not have.</summary>
    public int Missing => Facets.Sum(static facet => facet.Missing);

    /// <summary>One sentence: how many facets are complete, and how many claims passed, failed and are missing.</summary>
    public string Summary => $"{Facets.Count(static facet => facet.IsComplete)} of {Facets.Count} facets are complete: {Passed} claims passed, {Failed} failed, {Missing} are missing.";

    /// <summary>Writes one JSON object: the source, the numbers, each facet with its numbers, the failures, and what is missing.</summary>
    /// <param name="json">Receives it.</param>
    public void WriteJson(Utf8JsonWriter json) => ScoreboardJson.Write(json, this);

    /// <summary>The scoreboard as a section of Markdown.</summary>
    public string ToMarkdown() => ScoreboardMarkdown.Of(this);

    /// <summary>The source and the summary.</summary>
    public override string ToString() => $"{Source}: {Summary}";
}
