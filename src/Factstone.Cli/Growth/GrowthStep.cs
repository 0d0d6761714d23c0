using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Factstone.Cli.Growth;

/// <summary>A step of the measurement, run by this program in a separate process: its output and its peak memory.</summary>
internal static class GrowthStep
{
    /// <summary>The name of the hidden command.</summary>
    public const string Command = "growth-step";

    public const string Load = "load";
    public const string Read = "read";

    const string ProgressWord = "progress";
    const string LoadedWord = "loaded";

    public static string Progress(long facts) => string.Create(CultureInfo.InvariantCulture, $"{ProgressWord} {facts}");

    public static string Loaded(long facts, double seconds) => string.Create(CultureInfo.InvariantCulture, $"{LoadedWord} {facts} {seconds}");

    /// <summary>Runs a step to its end. If cancelled, it ends the process and waits until it is gone.</summary>
    /// <exception cref="CliException">The step failed.</exception>
    public static async Task<GrowthStepResult> RunAsync(string step, string directory, GrowthSize size, Action<long> progress, CancellationToken ct)
    {
        using var process = Process.Start(Start(step, directory, size)) ?? throw CliException.Failed("A process of the measurement could not be started.");
        try
        {
            using var memory = new MemoryWatch(process.Id);
            var errors = process.StandardError.ReadToEndAsync(ct);
            var (facts, seconds) = (0L, 0.0);
            while (await process.StandardOutput.ReadLineAsync(ct) is { } line)
            {
                var words = line.Split(' ');
                if (words is [ProgressWord, var done]) progress(long.Parse(done, CultureInfo.InvariantCulture));
                else if (words is [LoadedWord, var loaded, var took]) (facts, seconds) = (long.Parse(loaded, CultureInfo.InvariantCulture), double.Parse(took, CultureInfo.InvariantCulture));
            }

            await process.WaitForExitAsync(ct);

            // Ctrl-C on a terminal reaches both processes.
            ct.ThrowIfCancellationRequested();
            if (process.ExitCode != 0) throw CliException.Failed($"A process of the measurement ended with {process.ExitCode}: {(await errors).Trim()}");
            return new GrowthStepResult(facts, seconds, memory.Peak);
        }
        finally
        {
            // The process must not write into a directory that is being removed.
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    static ProcessStartInfo Start(string step, string directory, GrowthSize size)
    {
        // If this program was started by its own executable, that is started again; otherwise (inside another one, or by 'dotnet') 'dotnet' is.
        var assembly = typeof(GrowthStep).Assembly;
        var isProgram = Assembly.GetEntryAssembly() == assembly && Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) != "dotnet";
        var start = new ProcessStartInfo(isProgram ? Environment.ProcessPath! : "dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (!isProgram) start.ArgumentList.Add(assembly.Location);
        foreach (var word in (string[])[Command, step, "--data", directory, "--facts", Text(size.Facts), "--keys", Text(size.Keys), "--long", string.Join(',', size.LongStreams.Select(Text))]) start.ArgumentList.Add(word);
        return start;
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The result of a step.</summary>
/// <param name="Facts">The number of facts that it appended; 0 if they existed.</param>
/// <param name="Seconds">How long that took.</param>
/// <param name="MemoryPeak">Bytes; see <see cref="MemoryWatch"/>.</param>
internal sealed record GrowthStepResult(long Facts, double Seconds, long MemoryPeak);
