using System.Text;
using System.Text.Json;

namespace Factstone.Bench;

/// <summary>Writes one JSON object per line for each workload. A workload with a wrong answer has none.</summary>
internal sealed class JsonResults(TextWriter output) : IResults
{
    public async Task BeginAsync(params string[] lines)
    {
        foreach (var line in lines) await Console.Error.WriteLineAsync(line);
    }

    public Task AddAsync(ComparedResult result)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes)) Write(json, result);
        return output.WriteLineAsync(Encoding.UTF8.GetString(bytes.ToArray()));
    }

    public Task EndAsync(string line) => Console.Error.WriteLineAsync(line);

    static void Write(Utf8JsonWriter json, ComparedResult result)
    {
        var workload = result.Workload;
        json.WriteStartObject();
        json.WriteString("workload", workload.Name);
        json.WriteString("what", workload.What);
        json.WriteString("unit", workload.Unit);
        json.WriteNumber("rounds", result.Rounds.Count);
        foreach (var (name, rates) in result.Sides)
        {
            json.WriteStartObject(name.ToLowerInvariant());
            json.WriteNumber("median", Math.Round(rates.Median, 3));
            json.WriteNumber("least", Math.Round(rates.Least, 3));
            json.WriteNumber("most", Math.Round(rates.Most, 3));
            json.WriteEndObject();
        }

        Write(json, "must", workload.Must, result);
        Write(json, "goal", workload.Goal, result);
        json.WriteNumber("othersMost", Math.Round(result.Rounds.Max(round => round.Others), 3));
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, string name, Bar? bar, ComparedResult result)
    {
        if (bar is null) return;
        json.WriteStartObject(name);
        json.WriteString("bar", bar.Text);
        json.WriteBoolean("met", bar.IsMet(result.Medians));
        json.WriteEndObject();
    }
}
