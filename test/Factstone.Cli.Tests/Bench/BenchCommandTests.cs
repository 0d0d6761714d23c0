using System.Text;
using System.Text.Json;
using Factstone.Cli;
using Factstone.Cli.Output;
using Xunit;

namespace Factstone;

/// <summary>The command keeps working. It runs once with little data, so its measurements mean nothing here.</summary>
public sealed class BenchCommandTests
{
    static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] words)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        var host = new CliHost { Input = Stream.Null, Output = new StandardOutput(output, isTerminal: false), Error = new StandardError(error, isTerminal: false), Width = 120 };
        var exitCode = await new CommandLine(host).RunAsync(words, TestContext.Current.CancellationToken);
        return (exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    [Fact]
    public async Task Each_workload_is_measured_with_the_disk_beside_it_and_the_ledger_there_is_left_alone()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-bench-test-");
        try
        {
            var (exitCode, output, error) = await RunAsync("bench", "--seconds", "0.02", "--json", "--data", Path.Combine(directory.FullName, "ledger"));
            Assert.True(exitCode == ExitCodes.Done, error);
            var results = output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.Equal(["W1", "W2", "W3", "W3-drawn", "W4"], results.Select(result => result.GetProperty("workload").GetString()));
            Assert.All(results, result => Assert.True(result.GetProperty("bytesPerAppend").GetInt32() > 200));
            Assert.Empty(directory.EnumerateFileSystemInfos());

            (exitCode, output, _) = await RunAsync("bench", "--seconds", "0.02", "--data", Path.Combine(directory.FullName, "ledger"));
            Assert.Equal(ExitCodes.Done, exitCode);
            Assert.Contains("of probe", output, StringComparison.Ordinal);
            Assert.Contains("W4 one caller", output, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("601")]
    public async Task A_time_that_nothing_can_be_measured_in_is_refused(string seconds)
    {
        var (exitCode, _, error) = await RunAsync("bench", "--seconds", seconds);
        Assert.Equal(ExitCodes.Refused, exitCode);
        Assert.Contains("--seconds", error, StringComparison.Ordinal);
    }
}
