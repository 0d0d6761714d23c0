using System.Text;
using Factstone.Cli.Output;

namespace Factstone.Cli.Tests;

/// <summary>Runs the command line inside the test's process, on a ledger of its own.</summary>
sealed class Cli(TempDirectory directory, string ledger = "ledger")
{
    public string Ledger => directory.At(ledger);

    /// <summary>Runs with <c>--data</c> set to the test's ledger.</summary>
    public Task<CliAnswer> RunAsync(params string[] arguments) => RunWithInputAsync([], arguments);

    public Task<CliAnswer> RunWithInputAsync(byte[] input, params string[] arguments) => RunPlainAsync(input, _ => null, [.. arguments, "--data", Ledger]);

    /// <summary>Runs with exactly these arguments.</summary>
    public static async Task<CliAnswer> RunPlainAsync(byte[] input, Func<string, string?> environment, string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        var host = new CliHost
        {
            Input = new MemoryStream(input),
            Output = new StandardOutput(output, isTerminal: false),
            Error = new StandardError(error, isTerminal: false),
            Environment = environment,
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var exitCode = await new CommandLine(host).RunAsync(arguments, limit.Token);
        Assert.False(limit.IsCancellationRequested, "The command did not end in time.");
        return new CliAnswer(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
