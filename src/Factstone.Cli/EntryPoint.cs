using System.Runtime.InteropServices;
using System.Text;
using Factstone.Cli.Output;

namespace Factstone.Cli;

/// <summary>The process: its streams, its signals, and one command.</summary>
internal static class EntryPoint
{
    public static async Task<int> RunAsync(string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

        var host = new CliHost
        {
            Input = Console.OpenStandardInput(),
            Output = new StandardOutput(StandardStreams.Output(), isTerminal: !Console.IsOutputRedirected),
            Error = new StandardError(new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)), isTerminal: !Console.IsErrorRedirected, StandardStreams.Width()),
            Width = StandardStreams.Width(),
            Environment = Environment.GetEnvironmentVariable,
        };

        if (StandardStreams.HasInvalidArguments())
        {
            CliException wrong = CliException.Refused("An argument is not valid UTF-8.");
            ErrorReport.Of(wrong).WriteTo(host.Error, asJson: args.Contains("--json"));
            return wrong.ExitCode;
        }

        try
        {
            return await new CommandLine(host).RunAsync(args, cancellation.Token);
        }
        catch (IOException) when (!Console.IsErrorRedirected || Console.IsOutputRedirected)
        {
            // Not even the error message could be written.
            return ExitCodes.Failed;
        }

        // The first signal asks the command to stop at a clean point; a second one ends the process at once.
        void Cancel(PosixSignalContext signal)
        {
            signal.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        }
    }
}
