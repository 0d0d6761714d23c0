using System.Diagnostics;
using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>A process with a low limit on open files uses a ledger of many segments. If the limit is too low, the error says so.</summary>
public sealed class FewDescriptorsTests
{
    /// <summary>2,000 with FACTSTONE_ROUNDS=2000.</summary>
    const int Segments = 300;

    // Each segment and each run stayed open as long as the ledger. At 64 descriptors the command line printed nothing, and at 80 it
    // reported that memory was exhausted.
    [Fact]
    public async Task Sixty_four_descriptors_suffice_for_any_number_of_segments()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-few-");
        try
        {
            var segments = Rounds.Or(Segments);
            await RunAsync(directory.FullName, segments, limit: 1_024);
            var lines = await RunAsync(directory.FullName, segments, limit: 64);

            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines));
            Assert.Equal(["begins", "filled", "opened", "whole", "appended"], lines.Select(line => line.Split(' ')[0]));
            Assert.Equal($"whole {segments + 1}", lines[3]);
            Assert.Equal($"appended {segments + 2}", lines[4]);
            Assert.True(Directory.GetFiles($"{directory.FullName}/segments").Length >= segments);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Too_few_descriptors_are_refused_with_what_to_type()
    {
        var directory = Directory.CreateTempSubdirectory("factstone-few-");
        try
        {
            // The runtime uses about forty itself, two for each assembly.
            var lines = await RunAsync(directory.FullName, segments: 1, limit: 48);

            Assert.Equal(2, lines.Length);
            var refused = lines[1];
            Assert.StartsWith("refused ", refused, StringComparison.Ordinal);
            Assert.Contains("(its limit is 48); raise the limit to at least 64, for example with: ulimit -n 1024", refused, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task<string[]> RunAsync(string directory, int segments, int limit)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");

        // The child must not inherit the files of this process.
        start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"for fd in /proc/self/fd/*; do fd=${{fd##*/}}; [ $fd -gt 2 ] && eval \"exec $fd>&-\"; done 2>/dev/null; ulimit -n {limit}; exec dotnet \"$0\" segments \"$1\" {segments}"));
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Factstone.Child.dll"));
        start.ArgumentList.Add(directory);
        using var child = Process.Start(start)!;
        var said = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
