using System.Diagnostics;

namespace Factstone.Bench;

/// <summary>W8: the time from the call that opens a million facts to the answer of the first read. Files are cached; the code was warmed up on another ledger.</summary>
internal sealed class OpeningWorkload(BenchContext context, bool isKilled) : IComparedWorkload
{
    const int OpensPerRound = 9;
    const int FactsToWarm = 50_000;

    /// <summary>More facts than fit in memory, so that some are in a new run and some only in the log.</summary>
    const int FactsBeforeKill = 50_000;

    readonly string _directory = Path.Combine(context.Directory, "opening");

    public string Name => isKilled ? "W8-killed" : "W8-closed";

    public string What => isKilled
        ? $"open {context.Loaded.Facts.Count:N0} facts to the first read, after kill -9 of a process that appended {FactsBeforeKill:N0} more and went on"
        : $"open {context.Loaded.Facts.Count:N0} facts to the first read, after a clean close";

    public string Unit => "ms";

    public IReadOnlyList<Side> Sides => isKilled
        ? [new(Side.Factstone, MeasureKilledAsync)]
        : [new(Side.Sqlite, () => MeasureClosedAsync(OpenSqliteAsync)), new(Side.Factstone, () => MeasureClosedAsync(() => OpenLedgerAsync(context.Loaded.LedgerDirectory)))];

    public Bar? Must => isKilled ? null : Bar.AtMost(50, "ms");

    public Bar? Goal => isKilled ? null : Bar.AtMost(5, "ms");

    public async ValueTask PrepareAsync()
    {
        await context.Loaded.LoadAsync();
        await context.Loaded.CloseAsync();
        Directory.CreateDirectory(_directory);
        var other = new LoadedFacts(FactsToWarm, seed: 8);
        var location = Path.Combine(_directory, "other");
        await LoadedLedger.LoadAsync(location, other);
        for (var i = 0; i < OpensPerRound; i++) await OpenAndReadAsync(async () => await LoadedLedger.OpenAsync(location, other), read: null);
        if (isKilled) await OpenKilledAsync(location, other);
    }

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    static async ValueTask<double> MeasureClosedAsync(Func<ValueTask<double>> openAsync)
    {
        var taken = new double[OpensPerRound];
        for (var i = 0; i < taken.Length; i++) taken[i] = await openAsync();
        Array.Sort(taken);
        return taken[taken.Length / 2];
    }

    async ValueTask<double> MeasureKilledAsync()
    {
        var copy = Path.Combine(_directory, "copy");
        Copy(context.Loaded.LedgerDirectory, copy);
        try
        {
            return await OpenKilledAsync(copy, context.Loaded.Facts);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    ValueTask<double> OpenSqliteAsync() => OpenAndReadAsync(() => ValueTask.FromResult<ILoadedStore>(LoadedSqlite.Open(context.Loaded.SqlitePath, context.Loaded.Facts)), context.Loaded.Facts.Record);

    ValueTask<double> OpenLedgerAsync(string directory) => OpenAndReadAsync(async () => await LoadedLedger.OpenAsync(directory, context.Loaded.Facts), context.Loaded.Facts.Record);

    /// <summary>Returns the time in milliseconds.</summary>
    async ValueTask<double> OpenAndReadAsync(Func<ValueTask<ILoadedStore>> openAsync, int? read)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var started = Stopwatch.GetTimestamp();
        await using var store = await openAsync();
        var digest = await store.ReadLatestAsync(read ?? 0);
        var taken = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (read is { } stream && digest != context.Loaded.Expected.Latest(stream)) throw new InvalidDataException($"{Name}: the first read was answered wrongly.");
        return taken;
    }

    /// <summary>The child does not append to the stream that is read, so the answer of the read does not change.</summary>
    static async ValueTask<double> OpenKilledAsync(string directory, LoadedFacts facts)
    {
        using (var child = BenchChild.Start(BenchChild.Append, directory, FactsBeforeKill))
        {
            if (await child.StandardOutput.ReadLineAsync() != BenchChild.Ready) throw new InvalidOperationException("The process to be killed did not get ready.");
            child.Kill();
            await child.WaitForExitAsync();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        var started = Stopwatch.GetTimestamp();
        await using var ledger = await Ledger.OpenAsync(directory);
        var fact = await ledger.ReadLatestAsync(facts.Names[facts.Record]);
        var taken = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (ledger.Opening.WasClosedCleanly) throw new InvalidOperationException("The killed process had closed the ledger.");
        if (FactDigest.Of(fact!.StreamVersion.Value, fact.Payload.Span) != new ExpectedAnswers(facts).Latest(facts.Record)) throw new InvalidDataException("After kill -9 the first read was answered wrongly.");
        if ((await ledger.GetHeadAsync()).Value < facts.Count + FactsBeforeKill) throw new InvalidDataException("After kill -9 acknowledged facts are missing.");
        return taken;
    }

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
