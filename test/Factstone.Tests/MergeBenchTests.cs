using System.Diagnostics;
using Xunit;

namespace Factstone;

/// <summary>The measurement of merges keeps working. It runs once with little data, so its measurements mean nothing here.</summary>
public sealed class MergeBenchTests
{
    static readonly string Program = Path.Combine(
        Repository.Root, "bench", "Factstone.Bench", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Factstone.Bench.dll");

    [Fact]
    public async Task Merges_of_each_size_are_measured_and_nothing_is_left_behind()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-merge-test-");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [Program, "merge", "--dir", directory.FullName, "--terms", "2000,300000"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await error);
            Assert.Contains("| 2,016 |", output, StringComparison.Ordinal);
            Assert.Contains("| 300,000 |", output, StringComparison.Ordinal);
            Assert.Empty(directory.EnumerateFileSystemInfos());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
