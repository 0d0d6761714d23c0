using System.Text.Json;

namespace Factstone.Cli.Tests;

/// <summary><c>bench --growth</c> keeps working. It runs with little data, so its measurements mean nothing here.</summary>
public sealed class GrowthCommandTests : IDisposable
{
    static readonly string[] Operations =
    [
        "open", "machine", "machine-after-work", "latest", "as-of-position", "as-of-time", "page-of-keys", "latest-after-work", "as-of-position-after-work", "as-of-time-after-work",
        "as-of-10", "as-of-1000", "as-of-10-after-work", "as-of-1000-after-work", "append", "dcb-append", "new-stream",
    ];

    readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Each_operation_is_measured_at_each_size_and_nothing_stays()
    {
        var answer = (await RunAsync("--sizes", "1000,20000", "--rounds", "2", "--json")).Ends(ExitCodes.Done);
        var result = Assert.Single(answer.Json);
        Assert.Equal([1_000, 20_000], result.GetProperty("facts").EnumerateArray().Select(facts => facts.GetInt64()));

        var operations = result.GetProperty("operations").EnumerateArray().ToList();
        Assert.Equal(Operations, operations.Select(operation => operation.GetProperty("name").GetString()));
        Assert.All(operations, operation =>
        {
            var isOfLargest = operation.GetProperty("name").GetString()!.StartsWith("as-of-1", StringComparison.Ordinal);
            var isTimed = operation.GetProperty("name").GetString()!.EndsWith("-after-work", StringComparison.Ordinal);
            Assert.NotEqual(isTimed, operation.TryGetProperty("processorMicroseconds", out _));
            foreach (var name in (string[])(isTimed ? ["microseconds"] : ["microseconds", "processorMicroseconds"]))
            {
                var numbers = operation.GetProperty(name).EnumerateArray().Select(number => number.GetDouble()).ToList();
                Assert.Equal(isOfLargest ? 1 : 2, numbers.Count);
                Assert.All(numbers, number => Assert.True(number > 0));
            }

            Assert.Equal(!isOfLargest, operation.TryGetProperty("growth", out _));
        });

        Assert.Equal([1_000, 20_000], result.GetProperty("loads").EnumerateArray().Select(load => load.GetProperty("appended").GetInt64()));
        Assert.All(result.GetProperty("loads").EnumerateArray(), load => Assert.True(load.GetProperty("factsPerSecond").GetDouble() > 0));
        Assert.InRange(result.GetProperty("readingMemoryPeakBytes").GetInt64(), 1_000_000, 2_000_000_000);

        var bars = result.GetProperty("bars").EnumerateArray().ToList();
        Assert.Equal(
            ["latest", "as-of-position", "as-of-time", "page-of-keys", "latest-after-work", "as-of-position-after-work", "as-of-time-after-work", "append", "dcb-append", "new-stream", "as-of-long", "as-of-long-after-work", "open", "memory-loading", "memory-reading"],
            bars.Select(bar => bar.GetProperty("name").GetString()));
        Assert.All(bars, bar => Assert.Equal(bar.GetProperty("value").GetDouble() <= bar.GetProperty("most").GetDouble(), bar.GetProperty("met").GetBoolean()));
        Assert.Contains("notice", answer.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task Ledgers_that_are_kept_are_used_again_and_what_else_is_there_is_left_alone()
    {
        var location = Directory.CreateDirectory(_directory.At("place")).FullName;
        File.WriteAllText(Path.Combine(location, "mine"), "mine");
        string[] words = ["--sizes", "1000,2000", "--keys", "50", "--rounds", "1", "--in", location];

        var first = (await RunAsync([.. words, "--keep"])).Ends(ExitCodes.Done);
        Assert.Contains("growth", first.Output, StringComparison.Ordinal);
        Assert.Contains("2,000 of 50 keys", first.Output, StringComparison.Ordinal);
        Assert.Contains("peak of RssAnon + RssShmem while 2,000 facts are loaded", first.Output, StringComparison.Ordinal);
        Assert.Equal(["growth-1000", "growth-2000", "mine"], Directory.EnumerateFileSystemEntries(location).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        var second = (await RunAsync(words)).Ends(ExitCodes.Done);
        Assert.Contains("reused", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("facts are loaded", second.Output, StringComparison.Ordinal);
        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(location).Select(Path.GetFileName));
    }

    // The signal goes to the parent alone, or, as by Ctrl-C on a terminal, also to the process that loads.
    [Theory]
    [InlineData("")]
    [InlineData("-")]
    public async Task An_interrupt_ends_it_and_its_processes_and_leaves_nothing_behind(string group)
    {
        var location = _directory.At("place");
        await using var process = CliProcess.Start("env", [.. CliProcess.HearsInterrupts, "setsid", "dotnet", Path.Combine(AppContext.BaseDirectory, "factstone-cli.dll"), "bench", "--growth", "--sizes", "1000,5000000", "--in", location, "--json"]);
        var waited = TimeSpan.Zero;
        while (!Directory.Exists(Path.Combine(location, "growth-5000000", "segments")))
        {
            Assert.True(waited < TimeSpan.FromMinutes(1), "It does not load.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
            waited += TimeSpan.FromMilliseconds(50);
        }

        await using (var kill = CliProcess.Start("kill", ["-INT", "--", $"{group}{process.Id}"])) (await kill.EndAsync()).Ends(0);
        var answer = (await process.EndAsync()).Ends(ExitCodes.Failed);
        Assert.Equal("cancelled", JsonDocument.Parse(answer.Error.TrimEnd().Split('\n')[^1]).RootElement.GetProperty("error").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), IsOurs);

        bool IsOurs(string path)
        {
            try
            {
                return File.ReadAllText(Path.Combine(path, "cmdline")).Contains(_directory.Path, StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false; // no process, or one that has ended
            }
        }
    }

    [Theory]
    [InlineData("at least two", "--sizes", "10000")]
    [InlineData("from small to large", "--sizes", "20000,10000")]
    [InlineData("from small to large", "--sizes", "10000,10000")]
    [InlineData("'999' is not", "--sizes", "999,10000")]
    [InlineData("'1e4' is not", "--sizes", "1e4,20000")]
    [InlineData("'' is not", "--sizes", "")]
    [InlineData("--keys: from 2", "--keys", "1")]
    [InlineData("--keys: from 2", "--keys", "10001")]
    [InlineData("--rounds: from 1", "--rounds", "0")]
    [InlineData("--rounds: from 1", "--rounds", "1001")]
    [InlineData("--in: the directory has no name", "--in", "")]
    [InlineData("--seconds goes without --growth", "--seconds", "2")]
    public async Task What_cannot_be_measured_is_wrong_usage(string says, params string[] words)
    {
        (await RunAsync(words)).Fails(ExitCodes.Refused, says);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Theory]
    [InlineData("--sizes", "1000,2000")]
    [InlineData("--keys", "10")]
    [InlineData("--rounds", "3")]
    [InlineData("--in", "here")]
    [InlineData("--keep", "true")]
    public async Task What_is_of_growth_is_refused_without_it(string option, string value) =>
        (await new Cli(_directory).RunAsync("bench", option, value)).Fails(ExitCodes.Refused, $"{option} goes with --growth");

    [Fact]
    public async Task A_disk_with_too_little_room_is_refused_before_anything_is_made()
    {
        // More of the largest sizes than fit on this disk, each a little larger than the one before.
        var count = 2 + (int)(new DriveInfo(_directory.Path).AvailableFreeSpace / 400_000_000_000);
        var sizes = string.Join(',', Enumerable.Range(0, count).Select(i => $"{1_000_000_000 - count + i}"));
        (await RunAsync("--sizes", sizes)).Fails(ExitCodes.Refused, "too little space");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    Task<CliAnswer> RunAsync(params string[] words) => new Cli(_directory).RunAsync(["bench", "--growth", .. words]);
}
