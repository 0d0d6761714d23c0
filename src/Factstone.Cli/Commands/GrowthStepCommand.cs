using System.CommandLine;
using System.Globalization;
using Factstone.Cli.Growth;

namespace Factstone.Cli.Commands;

/// <summary>Internal: a step of <c>bench --growth</c> in a separate process. It ends when its standard input ends, which happens when the process that started it is gone.</summary>
internal sealed class GrowthStepCommand : LedgerCommand
{
    const long ProgressFacts = 10_000;

    readonly Argument<string> _step = new("STEP");
    readonly Option<long> _facts = new("--facts");
    readonly Option<long> _keys = new("--keys");
    readonly Option<string> _long = new("--long");

    public GrowthStepCommand(CommonOptions common) : base(GrowthStep.Command, "A step of bench --growth.", "factstone bench --growth", common)
    {
        Hidden = true;
        Arguments.Add(_step);
        Options.Add(_facts);
        Options.Add(_keys);
        Options.Add(_long);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var longStreams = (parsed.GetValue(_long) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var size = new GrowthSize(parsed.GetValue(_facts), parsed.GetValue(_keys), longStreams);
        if (size.Facts < GrowthSize.FactsMin || size.Keys < 2) throw CliException.Usage($"{GrowthStep.Command} is run by 'factstone bench --growth'.");

        using var orphaned = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _ = WaitForEndAsync(session.Host.Input, orphaned);
        if (parsed.GetValue(_step) == GrowthStep.Read) await GrowthReading.RunAsync(session.Directory, size, orphaned.Token);
        else await LoadAsync(session, size, orphaned.Token);
        return ExitCodes.Done;
    }

    static async Task LoadAsync(Session session, GrowthSize size, CancellationToken ct)
    {
        var next = ProgressFacts;
        var (facts, seconds) = await GrowthLoading.RunAsync(session.Directory, size, Report, ct);
        session.Output.WriteLine(GrowthStep.Loaded(facts, seconds));

        void Report(long done)
        {
            if (done < next) return;
            next = done + ProgressFacts;
            session.Output.WriteLine(GrowthStep.Progress(done));
            session.Output.Flush();
        }
    }

    static async Task WaitForEndAsync(Stream input, CancellationTokenSource orphaned)
    {
        try
        {
            var buffer = new byte[1];
            while (await input.ReadAsync(buffer) > 0) { }
            await orphaned.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The step ended first.
        }
    }
}
