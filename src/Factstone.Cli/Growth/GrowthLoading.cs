using System.Diagnostics;

namespace Factstone.Cli.Growth;

/// <summary>Fills a ledger with the facts of its size, in a separate process.</summary>
internal static class GrowthLoading
{
    const int FactsPerAppend = 100;
    const int InFlight = 64;
    static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);
    static readonly TimeSpan RestMax = TimeSpan.FromMinutes(10);
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Does nothing if the ledger has its facts already.</summary>
    /// <returns>The number of appended facts, and the seconds that this took.</returns>
    public static async Task<(long Facts, double Seconds)> RunAsync(string directory, GrowthSize size, Action<long> progress, CancellationToken ct)
    {
        var facts = new GrowthFacts(size);
        var started = Stopwatch.GetTimestamp();
        var seconds = 0.0;
        long there;
        await using (var ledger = await Ledger.OpenAsync(directory, cancellationToken: ct))
        {
            there = (await ledger.GetHeadAsync(ct)).Value;
            await using (var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = InFlight }))
            {
                for (var at = there; at < size.Facts; at += FactsPerAppend)
                {
                    ct.ThrowIfCancellationRequested();
                    var batch = new NewFact[Math.Min(FactsPerAppend, size.Facts - at)];
                    for (var i = 0; i < batch.Length; i++) batch[i] = facts[at + i];
                    await appender.SendAsync(new AppendRequest(batch), cancellationToken: ct);
                    progress(at + batch.Length);
                }

                await appender.FlushAsync(ct);
            }

            seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await RestAsync(directory, ct);
        }

        // The close has written the last run, which may have made another merge necessary.
        await using (var ledger = await Ledger.OpenAsync(directory, cancellationToken: ct)) await RestAsync(directory, ct);
        return (Math.Max(0, size.Facts - there), seconds);
    }

    /// <summary>Returns when the index has not changed for a while, so that merges do not disturb what follows.</summary>
    public static async Task RestAsync(string directory, CancellationToken ct)
    {
        var index = Path.Combine(directory, "index");
        var begun = Stopwatch.GetTimestamp();
        var unchangedSince = begun;
        for (var last = ""; Stopwatch.GetElapsedTime(unchangedSince) < Rest && Stopwatch.GetElapsedTime(begun) < RestMax;)
        {
            var now = Describe(index);
            if (now != last) (last, unchangedSince) = (now, Stopwatch.GetTimestamp());
            await Task.Delay(PollInterval, ct);
        }
    }

    static string Describe(string index)
    {
        if (!Directory.Exists(index)) return "";
        try
        {
            return string.Join(' ', new DirectoryInfo(index).EnumerateFiles().Select(file => $"{file.Name}:{file.Length}").Order(StringComparer.Ordinal));
        }
        catch (FileNotFoundException)
        {
            return Guid.NewGuid().ToString(); // it is being changed right now
        }
    }
}
