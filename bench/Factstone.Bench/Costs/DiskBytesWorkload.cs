using System.Diagnostics;
using System.Globalization;
using System.Text;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>W10: bytes that the file system has allocated for all files after a clean close, per fact. The facts are those of W1 to W4.</summary>
internal sealed class DiskBytesWorkload(BenchContext context, int factsPerAppend) : IComparedWorkload
{
    const int Seed = 10;
    const int BytesPerBlock = 512;

    readonly string _directory = Path.Combine(context.Directory, "bytes");

    public string Name => factsPerAppend == 1 ? "W10-single" : "W10-batch";

    public string What => $"allocated bytes per fact after a clean close, {context.Options.Facts:N0} facts, {(factsPerAppend == 1 ? "one fact" : $"{factsPerAppend} facts")} per append";

    public string Unit => "bytes";

    public bool Varies => false;

    public IReadOnlyList<Side> Sides => [new(Side.Sqlite, MeasureSqliteAsync), new(Side.Factstone, MeasureLedgerAsync)];

    public Bar? Must => Bar.AtMost(factsPerAppend == 1 ? 345 : 310, "bytes");

    public Bar? Goal => Bar.AtMost(factsPerAppend == 1 ? 330 : 295, "bytes");

    public ValueTask PrepareAsync()
    {
        Directory.CreateDirectory(_directory);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    async ValueTask<double> MeasureLedgerAsync()
    {
        var directory = Path.Combine(_directory, "ledger");
        await using (var ledger = await Ledger.OpenAsync(directory)) await BenchChild.LoadAsync(ledger, context.Options.Facts, factsPerAppend, Seed);
        await using (var ledger = await Ledger.OpenReadOnlyAsync(directory))
        {
            var facts = (await ledger.GetHeadAsync()).Value;
            if (facts != context.Options.Facts) throw new InvalidDataException($"{context.Options.Facts:N0} facts were loaded and {facts:N0} are there.");
        }

        return await AllocatedAsync(directory) / (double)context.Options.Facts;
    }

    /// <summary>The number of facts in a transaction does not change the file.</summary>
    async ValueTask<double> MeasureSqliteAsync()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_directory, "sqlite")).FullName;
        var (streams, payloads, versions) = (new ZipfStreams(Seed), new Payloads(Seed), new long[ZipfStreams.Count]);
        byte[][] names = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => Encoding.UTF8.GetBytes($"orders/{i}"))];
        using (var load = new SqliteLoad(Path.Combine(directory, "facts.db")))
        {
            var started = TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond;
            for (var i = 0; i < context.Options.Facts; i++) load.Add(names[streams[i]], ++versions[streams[i]], started + i, payloads[i]);
        }

        return await AllocatedAsync(directory) / (double)context.Options.Facts;
    }

    /// <summary>The sum of st_blocks of every file, which the base library does not provide.</summary>
    static async ValueTask<long> AllocatedAsync(string directory)
    {
        string[] words = ["--format=%b", .. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)];
        using var process = Process.Start(new ProcessStartInfo("stat", words) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException("stat failed.");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => long.Parse(line, CultureInfo.InvariantCulture)) * BytesPerBlock;
    }
}
