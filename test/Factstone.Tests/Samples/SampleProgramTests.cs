using System.Diagnostics;
using System.Globalization;
using Factstone.Tests.Guide;

namespace Factstone.Tests.Samples.Programs;

/// <summary>The programs in samples/, run as a user runs them: what they print is what docs/guide/samples.md shows, and a second run on the same directory adds nothing.</summary>
public sealed class SampleProgramTests
{
    const int Rows = 50_000;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Webhooks_are_facts_once_however_often_they_are_delivered()
    {
        using var folder = new SampleFolder();
        var shown = Shown("OrderLedger");

        Assert.Equal(shown, await RunAsync("OrderLedger", folder.Path));

        // Every delivery is a repeat, of the position that it got first.
        var again = shown.Select(static line => line.Replace("new, at position", "repeat of position", StringComparison.Ordinal).Replace("1 new, 7 repeats", "0 new, 8 repeats", StringComparison.Ordinal));
        Assert.Equal(again, await RunAsync("OrderLedger", folder.Path));
        Assert.Equal(7, await HeadAsync(folder.Path));
    }

    [Fact]
    public async Task A_show_is_never_oversold_and_repeated_requests_get_their_seats()
    {
        using var folder = new SampleFolder();
        var shown = Shown("Booking");

        Assert.Equal(shown, await RunAsync("Booking", folder.Path));
        Assert.Equal(shown, await RunAsync("Booking", folder.Path));

        Assert.Equal(2 + 30 + 4 + 1, await HeadAsync(folder.Path));
    }

    [Fact]
    public async Task Access_is_checked_now_and_in_the_past_with_reasons()
    {
        using var folder = new SampleFolder();
        var shown = Shown("AccessGrants");

        Assert.Equal(shown, await RunAsync("AccessGrants", folder.Path));
        string[] again = ["7 changes, 0 of them new", .. shown.Skip(1)];
        Assert.Equal(again, await RunAsync("AccessGrants", folder.Path));

        Assert.Equal(7, await HeadAsync(folder.Path));
    }

    [Fact]
    public async Task A_table_is_imported_once()
    {
        using var folder = new SampleFolder();
        var shown = Shown("SqliteImport");

        Assert.Equal(shown, await RunAsync("SqliteImport", folder.Path));

        string[] again = [.. Enumerable.Range(1, 5).Select(static part => $"0 rows imported, {part * Rows / 5} were there"), $"done: 0 rows imported, {Rows} were there", .. shown.Skip(6)];
        Assert.Equal(again, await RunAsync("SqliteImport", folder.Path));
        Assert.Equal(Rows + 1, await HeadAsync(Path.Combine(folder.Path, "ledger")));
    }

    // The kill comes when the first rows are acknowledged. Should the import be done by then, another one is killed.
    [Fact]
    public async Task An_import_that_was_killed_continues_with_the_rows_that_are_missing()
    {
        for (var attempt = 1; ; attempt++)
        {
            using var folder = new SampleFolder();
            var acknowledged = await KillAsync("SqliteImport", folder.Path, untilLine: $"{Rows / 5} rows imported, 0 were there");

            var output = await RunAsync("SqliteImport", folder.Path);

            var done = output.Single(static line => line.StartsWith("done: ", StringComparison.Ordinal)).Split(' ');
            var (imported, repeated) = (int.Parse(done[1], CultureInfo.InvariantCulture), int.Parse(done[4], CultureInfo.InvariantCulture));
            Assert.Equal(Rows, imported + repeated);
            Assert.InRange(repeated, acknowledged, Rows);
            Assert.Equal(Shown("SqliteImport").Skip(6), output.Skip(6));
            Assert.Equal(Rows + 1, await HeadAsync(Path.Combine(folder.Path, "ledger")));
            if (imported > 0) return;
            Assert.True(attempt < 10, "Ten imports were done before they could be killed.");
        }
    }

    [Fact]
    public async Task A_row_that_has_changed_since_its_import_ends_the_next_one_and_is_named()
    {
        using var folder = new SampleFolder();
        await using (var ledger = await Ledger.OpenAsync(Path.Combine(folder.Path, "ledger"), cancellationToken: Cancel))
            await ledger.AppendAsync(new AppendRequest(new NewFact("customers/7", null, """{"name":"Customer 7","city":"Rome"}""")) { AppendId = "shop:customers:7" }, Cancel);

        using var process = Start("SqliteImport", folder.Path, workingDirectory: null);
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.NotEqual(0, process.ExitCode);
        Assert.DoesNotContain("done", await output, StringComparison.Ordinal);
        Assert.Contains("shop:customers:7", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_needs_no_argument()
    {
        using var folder = new SampleFolder();

        Assert.Equal(Shown("AccessGrants"), await RunAsync("AccessGrants", directory: null, workingDirectory: folder.Path));

        Assert.Equal(7, await HeadAsync(Path.Combine(folder.Path, "factstone-data", "access-grants")));
    }

    /// <summary>The output that the guide shows in the section that links to a sample.</summary>
    static string[] Shown(string sample)
    {
        var sections = Repository.Read("docs/guide/samples.md").Split("\n## ");
        var section = Assert.Single(sections, section => section.Contains($"](../../samples/{sample}/Program.cs)", StringComparison.Ordinal));
        return Assert.Single(CodeBlocks.Of(section, "text"));
    }

    static async Task<string[]> RunAsync(string sample, string? directory, string? workingDirectory = null)
    {
        using var process = Start(sample, directory, workingDirectory);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(process.ExitCode == 0 && (await error).Length == 0, $"{sample} ended with {process.ExitCode}: {await error}");
        return output.TrimEnd('\n').Split('\n');
    }

    /// <summary>Kills a sample when it has printed a line.</summary>
    /// <returns>The number with which the line begins.</returns>
    static async Task<int> KillAsync(string sample, string directory, string untilLine)
    {
        using var process = Start(sample, directory, workingDirectory: null);
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line)
            if (line == untilLine) break;
        process.Kill();
        await process.WaitForExitAsync(Cancel);
        return int.Parse(untilLine.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    static Process Start(string sample, string? directory, string? workingDirectory)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Path.Combine(Repository.Root, "samples", sample, "bin", configuration, "net10.0", $"{sample}.dll");
        return Process.Start(new ProcessStartInfo("dotnet", directory is null ? [program] : [program, directory])
        {
            WorkingDirectory = workingDirectory ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    static async Task<long> HeadAsync(string directory)
    {
        await using var ledger = await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancel);
        return (await ledger.GetHeadAsync(Cancel)).Value;
    }

    sealed class SampleFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("factstone-sample-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
