using System.Diagnostics;
using System.Globalization;
using Factstone.Cli.Bench;
using Factstone.Cli.Growth;
using Factstone.Storage;

namespace Factstone.Bench;

/// <summary>Merges runs of synthetic terms, and reports the costs: processor time for each term, time, and memory.</summary>
internal static class MergeBench
{
    /// <summary>The number of terms that are merged before the first measurement, so that the code is compiled.</summary>
    const long TermsToWarm = 1_000_000;

    const double MegabytesMost = 256;
    const double GrowthMost = 1.3;
    static readonly TimeSpan LongestMost = TimeSpan.FromMinutes(10);

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        if (MergeOptions.Parse(words) is not { } options)
        {
            await output.WriteLineAsync(MergeOptions.Usage);
            return 2;
        }

        var directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"factstone-merge-{Environment.ProcessId}"));
        try
        {
            await output.WriteLineAsync($"Machine: {Machine.Describe(directory.FullName)}");
            if (options.Appends) await AppendsBesideMerge.RunAsync(directory.FullName, options.Terms[0], output);
            else await MeasureAsync(directory.FullName, options.Terms, output);
            return 0;
        }
        catch (InvalidDataException wrong)
        {
            await Console.Error.WriteLineAsync($"What was read is not what was written: {wrong.Message}");
            return 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task MeasureAsync(string directory, IReadOnlyList<long> sizes, TextWriter output)
    {
        Measure(directory, Math.Min(TermsToWarm, sizes[0]));
        await output.WriteLineAsync("| terms | bytes | processor time a term | time | memory while the runs are written | while they are merged | longest step |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|");
        Measured? first = null;
        foreach (var terms in sizes)
        {
            var now = Measure(directory, terms);
            first ??= now;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {terms:N0} | {now.Bytes:N0} | {now.Processor.TotalMicroseconds / terms:0.000} µs ({now.PerTerm / first.PerTerm:0.00} ×) | {now.Elapsed.TotalSeconds:0.0} s | {now.MegabytesWriting:0} MB | {now.MegabytesMerging:0} MB | {now.LongestStep.TotalMilliseconds:0} ms |"));
            var isMet = now.PerTerm <= GrowthMost * first.PerTerm && now.MegabytesWriting < MegabytesMost && now.MegabytesMerging < MegabytesMost && now.Elapsed < LongestMost;
            if (!isMet) await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Missed: at most {GrowthMost} times the processor time of the first size, {MegabytesMost} MB and {LongestMost.TotalMinutes} minutes."));
        }
    }

    static Measured Measure(string directory, long terms)
    {
        BenchContext.Report($"{terms:N0} terms: runs are written");
        var files = new DiskFileSystem();
        var synthetic = new SyntheticRuns(files, directory, terms);
        double writing;
        using (var memory = new MemoryWatch(Environment.ProcessId))
        {
            synthetic.Write();
            writing = memory.Peak / 1e6;
        }

        BenchContext.Report($"{terms:N0} terms: runs are merged");
        var path = $"{directory}/merged";
        var runs = synthetic.Open();
        var measured = Merge(files, runs, path, writing);
        runs.ForEach(static run => run.Dispose());
        using (var merged = synthetic.Open(path)) synthetic.Check(merged);
        foreach (var file in Directory.EnumerateFiles(directory)) File.Delete(file);
        return measured;
    }

    static Measured Merge(DiskFileSystem files, List<Run> runs, string path, double megabytesWriting)
    {
        using var memory = new MemoryWatch(Environment.ProcessId);
        using var file = files.Open(path, FileOpening.CreateNew);
        var (started, processor) = (Stopwatch.GetTimestamp(), Processor());
        var longest = TimeSpan.Zero;
        using (var merge = new RunMerge(runs, file, Defect.None))
        {
            for (var isDone = false; !isDone;)
            {
                var step = Stopwatch.GetTimestamp();
                isDone = !merge.Step();
                var taken = Stopwatch.GetElapsedTime(step);
                if (taken > longest) longest = taken;
            }
        }

        return new Measured(runs.Sum(static run => run.Footer.Terms), file.Length, Processor() - processor, Stopwatch.GetElapsedTime(started), megabytesWriting, memory.Peak / 1e6, longest);
    }

    static TimeSpan Processor()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    sealed record Measured(long Terms, long Bytes, TimeSpan Processor, TimeSpan Elapsed, double MegabytesWriting, double MegabytesMerging, TimeSpan LongestStep)
    {
        public double PerTerm => Processor.TotalMicroseconds / Terms;
    }
}
