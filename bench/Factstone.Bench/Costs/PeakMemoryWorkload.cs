using System.Diagnostics;
using System.Globalization;

namespace Factstone.Bench;

/// <summary>W11: the peak of RssAnon + RssShmem of a separate process, sampled every 100 ms, while it loads a million facts, scans them, and reads records and streams.</summary>
internal sealed class PeakMemoryWorkload(BenchContext context) : IComparedWorkload
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public string Name => "W11";

    public string What => $"peak RssAnon + RssShmem of a process that loads {context.Options.Facts:N0} facts, scans and reads them";

    public string Unit => "MB";

    public IReadOnlyList<Side> Sides => [new(Side.Factstone, MeasureAsync)];

    public Bar? Must => Bar.AtMost(150, "MB");

    public Bar? Goal => Bar.AtMost(90, "MB");

    public ValueTask PrepareAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async ValueTask<double> MeasureAsync()
    {
        var directory = Path.Combine(context.Directory, "memory");
        try
        {
            using var child = BenchChild.Start(BenchChild.Use, directory, context.Options.Facts);
            var phase = "starting";
            var peaks = new Dictionary<string, double>();
            var output = Task.Run(async () =>
            {
                while (await child.StandardOutput.ReadLineAsync() is { } line) Volatile.Write(ref phase, line);
            });
            while (!child.HasExited)
            {
                var now = Volatile.Read(ref phase);
                peaks[now] = Math.Max(peaks.GetValueOrDefault(now), Megabytes(child.Id));
                await Task.Delay(Look);
            }

            await output;
            if (child.ExitCode != 0) throw new InvalidDataException($"The process whose memory was watched ended with {child.ExitCode}.");
            BenchContext.Report($"{Name}: peak in MB while {string.Join(", ", peaks.Select(peak => string.Create(CultureInfo.InvariantCulture, $"{peak.Key} {peak.Value:0.0}")))}");
            return peaks.Values.Max();
        }
        finally
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>In units of 1,000,000 bytes; 0 if the process has ended.</summary>
    static double Megabytes(int process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status")
                .Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)) * 1_024 / 1e6;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
