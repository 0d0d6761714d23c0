using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Factstone.Bench;

/// <summary>Measures decisions on one stream: deciders that take turns, deciders that do not, and writers with expected versions, in turn in one run.</summary>
internal static class DecideBench
{
    public const string Word = "decide";

    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- decide [--callers 16] [--seconds 2] [--rounds 5] [--dir DIR]";

    static readonly Projection<long> Count = new() { Name = "count", Seed = 0, Step = static (count, fact) => fact.Value is Counted ? count + 1 : count };

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        var (callers, seconds, rounds, directory) = (16, 2, 5, ".");
        for (var i = 0; i < words.Length; i += 2)
        {
            var number = 0;
            var isNumber = i + 1 < words.Length && int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
            if (i + 1 < words.Length && words[i] == "--dir") directory = words[i + 1];
            else if (isNumber && words[i] == "--callers") callers = number;
            else if (isNumber && words[i] == "--seconds") seconds = number;
            else if (isNumber && words[i] == "--rounds") rounds = number;
            else
            {
                await output.WriteLineAsync(Usage);
                return 2;
            }
        }

        var path = Path.Combine(directory, $"factstone-decide-{Guid.NewGuid():N}");
        (string Name, Func<Ledger, StreamName, CancellationToken, Task<(long Decisions, long Attempts)>> Caller)[] ways =
        [
            ("deciders", (ledger, stream, stop) => DecideAsync(ledger, stream, new DecideOptions(), stop)),
            ("deciders without turns", (ledger, stream, stop) => DecideAsync(ledger, stream, new DecideOptions { TakesTurns = false, AttemptsMax = 1_000 }, stop)),
            ("writers with expected versions", ExpectAsync),
        ];
        var rates = ways.ToDictionary(static way => way.Name, static _ => new List<double>());
        try
        {
            await using var ledger = await Ledger.OpenAsync(path, new LedgerOptions { Types = new FactTypes(DecideJson.Default).Add<Counted>("counted") });
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{callers} callers on one stream, {rounds} rounds of {seconds} s each, in turn; each decision is one fact, durable when it counts."));
            for (var round = -1; round < rounds; round++)
            {
                foreach (var (name, caller) in ways)
                {
                    var stream = new StreamName("counters", $"{round}-{name}");
                    using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
                    var started = Stopwatch.GetTimestamp();
                    var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => caller(ledger, stream, stop.Token))));
                    var (decisions, attempts) = (all.Sum(static one => one.Decisions), all.Sum(static one => one.Attempts));
                    var rate = decisions / Stopwatch.GetElapsedTime(started).TotalSeconds;
                    if ((await ledger.GetVersionAsync(stream)).Value != decisions) throw new InvalidOperationException($"{name}: {decisions} decisions were told, and the stream is at version {await ledger.GetVersionAsync(stream)}.");
                    if (round < 0) continue; // warm-up
                    rates[name].Add(rate);
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: {rate:N0} decisions a second, {(double)attempts / decisions:0.00} attempts each"));
                }
            }

            foreach (var (name, all) in rates)
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name}: median {all.Order().ElementAt(all.Count / 2):N0} ({all.Min():N0}–{all.Max():N0})"));
            return 0;
        }
        finally
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
    }

    static async Task<(long Decisions, long Attempts)> DecideAsync(Ledger ledger, StreamName stream, DecideOptions options, CancellationToken stop)
    {
        var (decisions, attempts) = (0L, 0L);
        while (!stop.IsCancellationRequested)
        {
            var decided = await ledger.DecideAsync(Count, stream, static count => [new Counted(count + 1)], options, CancellationToken.None);
            decisions++;
            attempts += decided.Attempts;
        }

        return (decisions, attempts);
    }

    /// <summary>As by hand: the version of the last answer, and after a conflict the actual one.</summary>
    static async Task<(long Decisions, long Attempts)> ExpectAsync(Ledger ledger, StreamName stream, CancellationToken stop)
    {
        var (decisions, attempts) = (0L, 0L);
        var version = await ledger.GetVersionAsync(stream, cancellationToken: CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            attempts++;
            var request = new AppendRequest { Facts = [new NewFact(stream, new Counted(version.Value + 1))], Conditions = [AppendCondition.StreamAt(stream, version)] };
            switch (await ledger.TryAppendAsync(request, CancellationToken.None))
            {
                case AppendOutcome.Committed committed:
                    decisions++;
                    version = committed.Receipt.Versions[0].Version;
                    break;
                case AppendOutcome.Conflict conflict:
                    version = conflict.ActualVersion;
                    break;
            }
        }

        return (decisions, attempts);
    }
}

internal sealed record Counted(long Number);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Counted))]
internal sealed partial class DecideJson : JsonSerializerContext;
