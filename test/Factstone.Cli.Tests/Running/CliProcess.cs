using System.Diagnostics;
using System.Text;

namespace Factstone.Cli.Tests;

/// <summary>Runs the command line as a process of its own, with a time limit. The process ends with the test.</summary>
sealed class CliProcess : IAsyncDisposable
{
    /// <summary>
    /// Arguments of env(1). A test in a shell's background ignores interrupts, and its child processes would inherit that.
    /// </summary>
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

    /// <summary>Standard output as bytes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    public static CliProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Start("env", [.. HearsInterrupts, "dotnet", System.IO.Path.Combine(AppContext.BaseDirectory, "factstone-cli.dll"), .. arguments], environment);

    /// <summary>Runs to the end without standard input.</summary>
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

    /// <summary>The next line of standard output, or null at its end.</summary>
    public ValueTask<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync(_limit.Token);

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
