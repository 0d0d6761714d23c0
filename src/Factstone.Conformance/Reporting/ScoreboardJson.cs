using System.Text.Json;

namespace Factstone.Conformance;

/// <summary>The scoreboard for a program.</summary>
internal static class ScoreboardJson
{
    public static void Write(Utf8JsonWriter json, ConformanceRun run)
    {
        json.WriteStartObject();
        json.WriteString("source", run.Source);
        json.WriteNumber("facetsComplete", run.Facets.Count(static facet => facet.IsComplete));
        WriteNumbers(json, run.Passed, run.Failed, run.Missing);
        json.WriteStartArray("facets");
        foreach (var facet in run.Facets)
        {
            json.WriteStartObject();
            json.WriteString("facet", facet.Facet.Name);
            WriteNumbers(json, facet.Passed, facet.Failed, facet.Missing);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteClaims(json, "failures", "message", run, ClaimStatus.Failed);
        WriteClaims(json, "missingClaims", "needs", run, ClaimStatus.Missing);
        json.WriteEndObject();
    }

    static void WriteNumbers(Utf8JsonWriter json, int passed, int failed, int missing)
    {
        json.WriteNumber("passed", passed);
        json.WriteNumber("failed", failed);
        json.WriteNumber("missing", missing);
        json.WriteNumber("total", passed + failed + missing);
    }

    static void WriteClaims(Utf8JsonWriter json, string name, string message, ConformanceRun run, ClaimStatus status)
    {
        json.WriteStartArray(name);
        foreach (var result in run.Results.Where(result => result.Status == status))
        {
            json.WriteStartObject();
            json.WriteString("facet", result.Claim.Facet.Name);
            json.WriteString("claim", result.Claim.Name);
            json.WriteString(message, result.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
