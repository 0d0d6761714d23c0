using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Factstone;

/// <summary>The comparison with SQLite keeps working. It runs once with little data, so its measurements mean nothing here.</summary>
public sealed class ComparisonTests
{
    static readonly string Program = Path.Combine(
        Repository.Root, "bench", "Factstone.Bench", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Factstone.Bench.dll");

    static readonly string[] Workloads =
    [
        "W1", "W2", "W3", "W3-drawn", "W4", "W5", "W6", "W7-count", "W7-sum", "W8-closed", "W8-killed", "W9", "W10-single", "W10-batch", "W11",
        "W12-constraint", "W12-looked-up", "W12-constraint-bare", "W12-looked-up-bare", "W13-1", "W13-64",
    ];

    static async Task<(int ExitCode, string Output)> RunAsync(params string[] words)
    {
        var directory = Directory.CreateTempSubdirectory("factstone-bench-test-");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [Program, "--dir", directory.FullName, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("xception", await error, StringComparison.Ordinal);
            Assert.Empty(directory.EnumerateFileSystemInfos());
            return (process.ExitCode, output);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_comparison_runs_every_workload_checks_every_answer_and_leaves_nothing_behind()
    {
        var (exitCode, output) = await RunAsync("--rounds", "1", "--seconds", "0.05", "--facts", "10000");
        Assert.True(exitCode == 0, output);
        Assert.Contains("was compared with what was written", output, StringComparison.Ordinal);
        Assert.Contains("SQLite 3.", output, StringComparison.Ordinal);
        foreach (var workload in Workloads)
            Assert.Single(output.Split('\n'), line => line.StartsWith($"| {workload} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_word_chooses_all_readings_of_a_workload_and_results_are_lines_of_JSON_if_asked_for()
    {
        var (exitCode, output) = await RunAsync("--rounds", "1", "--seconds", "0.05", "--facts", "10000", "--json", "w7", "W12");
        Assert.True(exitCode == 0, output);
        var results = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["W7-count", "W7-sum", "W12-constraint", "W12-looked-up", "W12-constraint-bare", "W12-looked-up-bare"], results.Select(result => result.GetProperty("workload").GetString()));
        foreach (var result in results)
        {
            Assert.True(result.GetProperty("sqlite").GetProperty("median").GetDouble() >= 0);
            Assert.True(result.GetProperty("factstone").GetProperty("median").GetDouble() >= 0);
            if (result.TryGetProperty("must", out var must)) Assert.Equal(must.GetProperty("met").ValueKind is JsonValueKind.True, IsMet(result));
            else Assert.Contains("looked-up", result.GetProperty("workload").GetString(), StringComparison.Ordinal);
        }

        static bool IsMet(JsonElement result) =>
            result.GetProperty("factstone").GetProperty("median").GetDouble() >= (result.GetProperty("workload").GetString() switch { "W7-count" => 0.7, "W7-sum" => 1, _ => 2 }) * result.GetProperty("sqlite").GetProperty("median").GetDouble();
    }

    [Theory]
    [InlineData("--rounds", "0")]
    [InlineData("--seconds")]
    [InlineData("--facts", "9999")]
    [InlineData("W99")]
    public async Task Words_that_are_not_understood_are_answered_with_those_that_are(params string[] words)
    {
        var (exitCode, output) = await RunAsync(words);
        Assert.Equal(2, exitCode);
        Assert.Contains("--rounds", output, StringComparison.Ordinal);
    }
}
