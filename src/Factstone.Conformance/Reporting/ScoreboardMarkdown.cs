using System.Globalization;
using System.Text;

namespace Factstone.Conformance;

/// <summary>The scoreboard as a table of Markdown.</summary>
internal static class ScoreboardMarkdown
{
    public static string Of(ConformanceRun run)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"## {run.Source}\n\n{run.Summary}\n\n| facet | passed | failed | missing | total |\n|---|---:|---:|---:|---:|\n");
        foreach (var facet in run.Facets) Row(facet.Facet.Name, facet.Passed, facet.Failed, facet.Missing);
        Row("all", run.Passed, run.Failed, run.Missing);
        Claims("Failed", ClaimStatus.Failed, ": ");
        Claims("Missing", ClaimStatus.Missing, " Needs ");
        return text.ToString();

        void Row(string name, int passed, int failed, int missing) =>
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {passed} | {failed} | {missing} | {passed + failed + missing} |\n");

        void Claims(string title, ClaimStatus status, string between)
        {
            var claims = run.Results.Where(result => result.Status == status).ToList();
            if (claims.Count == 0) return;
            text.Append(CultureInfo.InvariantCulture, $"\n{title}:\n\n");
            foreach (var result in claims) text.Append(CultureInfo.InvariantCulture, $"- {result.Claim.Facet.Name}: {result.Claim.Name}{(status == ClaimStatus.Missing ? "." : "")}{between}{OneLine(result.Message)}{(status == ClaimStatus.Missing ? "." : "")}\n");
        }
    }

    static string OneLine(string? message) => (message ?? "").ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
