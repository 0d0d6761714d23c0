using System.Diagnostics;
using System.Globalization;
using Factstone.Cli.Bench;
using Factstone.Storage;

namespace Factstone.Bench;

/// <summary>Measures how long appends take while a large merge writes to the same disk, and for a while after it.</summary>
internal static class AppendsBesideMerge
{
    const double TimesMost = 5;
    const int Rounds = 3;
    const int LeftToSystem = 0;
    const int AsInLedger = 2;
    static readonly string[] Names = ["whose writing is left to the system", "which writes steadily, at full speed", "which writes steadily, and slower while appends are committed"];
    static readonly TimeSpan Alone = TimeSpan.FromSeconds(10);

    /// <summary>After this time the system has written the rest of a merge: it writes dirty pages after 30 s.</summary>
    static readonly TimeSpan After = TimeSpan.FromSeconds(35);

    public static async Task RunAsync(string directory, long terms, TextWriter output)
    {
        BenchContext.Report($"{terms:N0} terms: runs are written");
        var files = new DiskFileSystem();
        var synthetic = new SyntheticRuns(files, directory, terms);
        synthetic.Write();
        SyncAll(directory);
        await output.WriteLineAsync($"One writer, one fact of {Payloads.Bytes} bytes per append, beside a merge of {terms:N0} terms. Times in ms.");
        await output.WriteLineAsync("| appends | while | median | 99 % | 99.9 % | longest |");
        await output.WriteLineAsync("|---|---|---|---|---|---|");
        await using var ledger = await Ledger.OpenAsync(Path.Combine(directory, "ledger"));
        var pace = new MergePace(new FactIndex(new StorageOptions()), TimeProvider.System);
        var appends = new MeasuredAppends(ledger, pace, output);
        await appends.WarmUpAsync();
        var ratios = Array.ConvertAll(Names, static _ => new Ratios());
        for (var round = 0; round < Rounds; round++)
        {
            // Each round begins with another setting.
            for (var i = 0; i < Names.Length; i++)
            {
                var setting = (round + i) % Names.Length;
                var alone = await appends.MeasureAsync("nothing else", Task.Delay(Alone));
                var merge = Task.Factory.StartNew(() => Merge(files, synthetic, $"{directory}/merged", setting, pace), TaskCreationOptions.LongRunning);
                var beside = await appends.MeasureAsync($"merge, {Names[setting]}", merge);
                await merge;
                var after = await appends.MeasureAsync("it is over", Task.Delay(After));
                ratios[setting].Add(beside / alone, after / alone);
                SyncAll(directory);
                File.Delete($"{directory}/merged");
            }
        }

        for (var i = 0; i < Names.Length; i++) await output.WriteLineAsync($"99 % of the appends, merge {Names[i]}: {ratios[i]}{(i == AsInLedger ? $"; at most {TimesMost}" : "")}.");
    }

    static void Merge(DiskFileSystem files, SyntheticRuns synthetic, string path, int setting, MergePace pace)
    {
        var started = Stopwatch.GetTimestamp();
        var runs = synthetic.Open();
        using var file = files.Open(path, FileOpening.CreateNew);
        using var merge = new RunMerge(runs, setting == LeftToSystem ? new WithoutWriteBack(file) : file, Defect.None);
        if (setting == AsInLedger) MergeAtPace(merge, pace);
        else while (merge.Step()) { }
        runs.ForEach(static run => run.Dispose());
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"merged in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
    }

    static void MergeAtPace(RunMerge merge, MergePace pace)
    {
        var isPausing = false;
        pace.StepLater = after =>
        {
            isPausing = true;
            Thread.Sleep(after);
        };
        do isPausing = false;
        while (pace.Step(merge.Step) || isPausing);
    }

    static void SyncAll(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            RandomAccess.FlushToDisk(file);
        }
    }

    /// <summary>The ratio of the time of appends during a merge, and after it, to the time without one.</summary>
    sealed class Ratios
    {
        readonly Rates _beside = new();
        readonly Rates _after = new();

        public void Add(double beside, double after)
        {
            _beside.Add(beside);
            _after.Add(after);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_beside.Median:0.0} times as long beside it ({_beside.Least:0.0}–{_beside.Most:0.0}), {_after.Median:0.0} after it ({_after.Least:0.0}–{_after.Most:0.0})");
    }

    /// <summary>Appends one fact after the other, and measures each append.</summary>
    sealed class MeasuredAppends(Ledger ledger, MergePace pace, TextWriter output)
    {
        const int Seed = 12;
        static readonly TimeSpan Warming = TimeSpan.FromSeconds(3);

        readonly ZipfStreams _streams = new(Seed);
        readonly Payloads _payloads = new(Seed);
        readonly StreamName[] _names = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new StreamName("orders", i.ToString(CultureInfo.InvariantCulture)))];
        int _number;

        public async Task WarmUpAsync() => await AppendAsync(Task.Delay(Warming));

        /// <returns>The 99th percentile of the times of the appends, in ms.</returns>
        public async Task<double> MeasureAsync(string name, Task until)
        {
            var taken = await AppendAsync(until);
            taken.Sort();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {taken.Count:N0} | {name} | {At(taken, 0.5):0.000} | {At(taken, 0.99):0.000} | {At(taken, 0.999):0.000} | {At(taken, 1):0.0} |"));
            return At(taken, 0.99);
        }

        async Task<List<double>> AppendAsync(Task until)
        {
            var taken = new List<double>();
            while (!until.IsCompleted)
            {
                var started = Stopwatch.GetTimestamp();
                pace.BeginCommit();
                await ledger.AppendAsync(new NewFact(_names[_streams[_number]], "changed", _payloads[_number]));
                pace.EndCommit();
                taken.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                _number++;
            }

            return taken;
        }

        static double At(List<double> sorted, double share) => sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];
    }

    /// <summary>A file without steady writing, to show the effect of that.</summary>
    sealed class WithoutWriteBack(IStorageFile file) : IStorageFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long fileOffset) => file.Read(buffer, fileOffset);

        public void Write(ReadOnlySpan<byte> bytes, long fileOffset) => file.Write(bytes, fileOffset);

        public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync() => file.Sync();

        public void Dispose() => file.Dispose();
    }
}
