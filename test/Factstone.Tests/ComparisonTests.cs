using System.Diagnostics;
using Xunit;

namespace Factstone;

/// <summary>The comparison with SQLite keeps working: it runs once, small. What it measures then says nothing.</summary>
public sealed class ComparisonTests
{
    static readonly string Program = Path.Combine(
        Repository.Root, "bench", "Factstone.Bench", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Factstone.Bench.dll");

    static async Task<(int ExitCode, string Output)> RunAsync(params string[] words)
    {
        var directory = Directory.CreateTempSubdirectory("factstone-bench-test-");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [Program, "--dir", directory.FullName, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await error);
            Assert.Empty(directory.EnumerateFileSystemInfos());
            return (process.ExitCode, output);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_comparison_runs_every_workload_reads_back_what_was_written_and_leaves_nothing_behind()
    {
        var (exitCode, output) = await RunAsync("--rounds", "1", "--seconds", "0.05");
        Assert.True(exitCode == 0, output);
        Assert.Contains("was read back", output, StringComparison.Ordinal);
        Assert.Contains("SQLite 3.", output, StringComparison.Ordinal);
        foreach (var workload in new[] { "W1", "W2", "W3", "W3-drawn", "W4" })
            Assert.Single(output.Split('\n'), line => line.StartsWith($"| {workload} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--rounds", "0")]
    [InlineData("--seconds")]
    [InlineData("W5")]
    public async Task Words_that_are_not_understood_are_answered_with_those_that_are(params string[] words)
    {
        var (exitCode, output) = await RunAsync(words);
        Assert.Equal(2, exitCode);
        Assert.Contains("--rounds", output, StringComparison.Ordinal);
    }
}
