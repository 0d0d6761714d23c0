using System.Diagnostics;
using System.Text;

namespace Factstone.Cli.Tests;

/// <summary>The command line as its users run it: a process of its own, bounded in time and ended with the test.</summary>
sealed class CliProcess : IAsyncDisposable
{
    /// <summary>For env(1): where the tests run in a shell's background they ignore interrupts, and so would all that they start.</summary>
    public static readonly string[] HearsInterrupts = ["--default-signal=INT"];

    static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(2);

    readonly Process _process;
    readonly CancellationTokenSource _limit = new(TimeMax);
    readonly Task<string> _error;

    CliProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    public static CliProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Start("env", [.. HearsInterrupts, "dotnet", System.IO.Path.Combine(AppContext.BaseDirectory, "factstone-cli.dll"), .. arguments], environment);

    /// <summary>Runs to the end with nothing on standard input.</summary>
    public static async Task<CliAnswer> RunAsync(params string[] arguments)
    {
        await using var process = Start(arguments);
        process.Input.Close();
        return await process.EndAsync();
    }

    public static CliProcess Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return new CliProcess(Process.Start(start)!);
    }

    /// <summary>The next line of its answer; null at its end.</summary>
    public ValueTask<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync(_limit.Token);

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    public async Task<CliAnswer> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(_limit.Token);
        await _process.WaitForExitAsync(_limit.Token);
        return new CliAnswer(_process.ExitCode, output, await _error.WaitAsync(_limit.Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _limit.Dispose();
    }
}
