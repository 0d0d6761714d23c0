using System.Diagnostics;

namespace Factstone.Cli.Growth;

/// <summary>Applies the same operations to ledgers of different sizes, in turn, round by round, so that the state of the machine is the same for all. The median of the rounds is the result.</summary>
internal sealed class GrowthBench(GrowthOptions options, Action<string> progress)
{
    const int OpeningRounds = 15;

    /// <summary>Rounds that do not count: code is being compiled, and files are being mapped.</summary>
    const int RoundsBefore = 3;

    /// <summary>Reads before the measurement: enough to touch each stretch that the system maps at a time.</summary>
    const long ReadsBeforeMin = 20_000;
    const long FactsPerReadBefore = 20;

    /// <summary>Appends are warmed on another ledger, because each append makes a small ledger larger.</summary>
    const int AppendRoundsBefore = 150;
    static readonly GrowthSize Scratch = new(10_000, 1_000, []);

    readonly OtherMemory _otherMemory = new();

    public async Task<GrowthResult> RunAsync(CancellationToken ct)
    {
        var loads = new List<GrowthStepResult>();
        foreach (var size in options.Sizes)
        {
            progress($"loading {size.Facts:N0} facts");
            loads.Add(await GrowthStep.RunAsync(GrowthStep.Load, options.DirectoryOf(size), size, done => progress($"loading {size.Facts:N0} facts: {done:N0}"), ct));
        }

        await ReadThroughAsync(ct);
        progress($"using {options.Largest.Facts:N0} facts in a separate process");
        var reading = await GrowthStep.RunAsync(GrowthStep.Read, options.DirectoryOf(options.Largest), options.Largest, static _ => { }, ct);
        await RestAsync(options.Largest, ct);

        var rows = new List<GrowthRow> { await MeasureOpeningAsync(ct) };
        rows.AddRange(MeasureMachine(ct));
        rows.AddRange(await MeasureOperationsAsync(ct));
        return new GrowthResult(options.Sizes, rows, loads, reading.MemoryPeak);
    }

    /// <summary>The read step has appended, so its close has written a run, and the next open may merge.</summary>
    async Task RestAsync(GrowthSize size, CancellationToken ct)
    {
        await using var ledger = await Ledger.OpenAsync(options.DirectoryOf(size), cancellationToken: ct);
        await GrowthLoading.RestAsync(options.DirectoryOf(size), ct);
    }

    /// <summary>From the open after a clean close to the first fact that is read.</summary>
    async Task<GrowthRow> MeasureOpeningAsync(CancellationToken ct)
    {
        var row = new GrowthRow("open", "open after a clean close, and read one fact", options.Sizes.Count);
        for (var round = -RoundsBefore; round < OpeningRounds; round++)
        {
            progress($"opening, round {Math.Max(1, round + 1)} of {OpeningRounds}");
            foreach (var i in InTurn(round))
            {
                ct.ThrowIfCancellationRequested();
                var size = options.Sizes[i];
                var stream = new GrowthFacts(size).StreamOf(0);
                var (cpu, started) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
                await using var ledger = await Ledger.OpenAsync(options.DirectoryOf(size), cancellationToken: ct);
                if (await ledger.ReadLatestAsync(stream, cancellationToken: ct) is null) throw new InvalidDataException($"{stream} is not there.");
                if (round >= 0) row.Add(i, Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - cpu, times: 1);
            }
        }

        return row;
    }

    /// <summary>For logs that no process has open, so that their length does not change.</summary>
    IReadOnlyList<GrowthRow> MeasureMachine(CancellationToken ct)
    {
        const int Accesses = 1_000;
        const int LooksAfterWork = 25;
        progress("the machine itself");
        var row = new GrowthRow(GrowthRow.Machine, "the machine: one byte anywhere in the log", options.Sizes.Count);
        var afterWork = new GrowthRow(GrowthRow.MachineAfterWork, $"{row.What}, after other work", options.Sizes.Count) { AfterOtherWork = true };
        var probes = new List<MachineProbe>();
        try
        {
            foreach (var size in options.Sizes) probes.Add(new MachineProbe(options.DirectoryOf(size)));
            foreach (var probe in probes) probe.WarmUp();
            for (var round = -RoundsBefore; round < options.Rounds; round++)
            {
                foreach (var i in InTurn(round))
                {
                    ct.ThrowIfCancellationRequested();
                    var access = probes[i].Draw(Accesses);
                    var (cpu, started) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
                    access();
                    if (round >= 0) row.Add(i, Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - cpu, Accesses);
                    var elapsed = TimeSpan.Zero;
                    for (var times = 0; times < LooksAfterWork; times++) elapsed += AfterWork(probes[i].Draw(1));
                    if (round >= 0) afterWork.Add(i, elapsed, TimeSpan.Zero, LooksAfterWork);
                }
            }
        }
        finally
        {
            foreach (var probe in probes) probe.Dispose();
        }

        return [row, afterWork];
    }

    TimeSpan AfterWork(Action work)
    {
        _otherMemory.Use();
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Reads all files, so that they are cached and no read waits for the disk. The system may evict files that were not read for a while.</summary>
    async Task ReadThroughAsync(CancellationToken ct)
    {
        var buffer = new byte[4 * 1_024 * 1_024];
        foreach (var size in options.Sizes)
        {
            progress($"reading the files of {size.Facts:N0} facts");
            foreach (var path in Directory.EnumerateFiles(options.DirectoryOf(size), "*", SearchOption.AllDirectories).Where(static path => path.EndsWith(".log", StringComparison.Ordinal) || path.EndsWith(".run", StringComparison.Ordinal)))
            {
                await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                while (await file.ReadAsync(buffer, ct) > 0) { }
            }
        }
    }

    async Task<List<GrowthRow>> MeasureOperationsAsync(CancellationToken ct)
    {
        var ledgers = new List<GrowthLedger>();
        try
        {
            foreach (var size in options.Sizes) ledgers.Add(await GrowthLedger.OpenAsync(options.DirectoryOf(size), size, seed: 1, ct));
            await WarmUpAsync(ledgers, ct);

            // Reads are measured first: facts that are appended afterwards are in memory, and would be a larger part of a smaller ledger.
            var rows = new List<GrowthRow>();
            var reads = GrowthOperation.All.Where(operation => !operation.Appends).ToList();
            foreach (var operation in reads) rows.Add(await MeasureAsync(operation, ledgers, ct));
            foreach (var operation in reads.Where(operation => operation.IsOneRead)) rows.Add(await MeasureAsync(operation.AfterWork(), ledgers, ct));
            var ofLongStreams = ledgers[^1].Size.LongStreams.Select((versions, i) => GrowthOperation.AsOfVersions(i, versions)).ToList();
            rows.AddRange(await MeasureInTurnAsync(ofLongStreams, ledgers[^1], ct));
            rows.AddRange(await MeasureInTurnAsync([.. ofLongStreams.Select(operation => operation.AfterWork())], ledgers[^1], ct));
            foreach (var operation in GrowthOperation.All.Where(operation => operation.Appends)) rows.Add(await MeasureAsync(operation, ledgers, ct));
            return rows;
        }
        finally
        {
            foreach (var ledger in ledgers) await ledger.DisposeAsync();
        }
    }

    async Task WarmUpAsync(List<GrowthLedger> ledgers, CancellationToken ct)
    {
        await WarmUpAppendsAsync(ct);
        foreach (var ledger in ledgers)
        {
            progress($"warming {ledger.Size.Facts:N0} facts");
            foreach (var operation in GrowthOperation.All.Where(operation => !operation.Appends))
            {
                var reads = Math.Max(ReadsBeforeMin, ledger.Size.Facts / FactsPerReadBefore) * operation.TimesPerRound / GrowthOperation.All[0].TimesPerRound;
                for (var done = 0L; done < reads; done += operation.TimesPerRound)
                {
                    ct.ThrowIfCancellationRequested();
                    await operation.Draw(ledger, operation.TimesPerRound).Run();
                }
            }
        }
    }

    async Task WarmUpAppendsAsync(CancellationToken ct)
    {
        progress("warming appends");
        var directory = options.ScratchDirectory;
        await GrowthLoading.RunAsync(directory, Scratch, static _ => { }, ct);
        await using (var ledger = await GrowthLedger.OpenAsync(directory, Scratch, seed: 3, ct))
        {
            for (var round = 0; round < AppendRoundsBefore; round++)
                foreach (var operation in GrowthOperation.All.Where(operation => operation.Appends)) await MeasureAsync(operation, ledger, null, 0, ct);
        }

        Directory.Delete(directory, recursive: true);
    }

    async Task<GrowthRow> MeasureAsync(GrowthOperation operation, List<GrowthLedger> ledgers, CancellationToken ct)
    {
        var row = new GrowthRow(operation.Name, operation.What, ledgers.Count) { Appends = operation.Appends, AfterOtherWork = operation.AfterOtherWork };
        for (var round = -RoundsBefore; round < options.Rounds; round++)
        {
            progress($"{operation.What}, round {Math.Max(1, round + 1)} of {options.Rounds}");
            foreach (var i in InTurn(round)) await MeasureAsync(operation, ledgers[i], round >= 0 ? row : null, i, ct);
        }

        return row;
    }

    /// <summary>The same read of streams of different lengths, in one ledger.</summary>
    async Task<List<GrowthRow>> MeasureInTurnAsync(List<GrowthOperation> operations, GrowthLedger ledger, CancellationToken ct)
    {
        var rows = operations.Select(operation => new GrowthRow(operation.Name, operation.What, 1) { AfterOtherWork = operation.AfterOtherWork }).ToList();
        for (var round = -RoundsBefore; round < options.Rounds; round++)
        {
            progress($"long streams, round {Math.Max(1, round + 1)} of {options.Rounds}");
            for (var i = 0; i < operations.Count; i++)
            {
                var at = (i + round + RoundsBefore) % operations.Count;
                await MeasureAsync(operations[at], ledger, round >= 0 ? rows[at] : null, 0, ct);
            }
        }

        return rows;
    }

    async Task MeasureAsync(GrowthOperation operation, GrowthLedger ledger, GrowthRow? row, int column, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (operation.AfterOtherWork)
        {
            row?.Add(column, await MeasureAfterWorkAsync(operation, ledger), TimeSpan.Zero, operation.TimesPerRound);
            return;
        }

        var work = operation.Draw(ledger, operation.TimesPerRound);
        var (cpu, started) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await work.Run();
        row?.Add(column, Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - cpu, operation.TimesPerRound);
        work.Check?.Invoke();
    }

    async Task<TimeSpan> MeasureAfterWorkAsync(GrowthOperation operation, GrowthLedger ledger)
    {
        var elapsed = TimeSpan.Zero;
        for (var i = 0; i < operation.TimesPerRound; i++)
        {
            var work = operation.Draw(ledger, 1);
            _otherMemory.Use();
            var started = Stopwatch.GetTimestamp();
            await work.Run();
            elapsed += Stopwatch.GetElapsedTime(started);
            work.Check?.Invoke();
        }

        return elapsed;
    }

    /// <summary>A different size is first in each round.</summary>
    IEnumerable<int> InTurn(int round) => Enumerable.Range(0, options.Sizes.Count).Select(i => (i + round + RoundsBefore) % options.Sizes.Count);
}

/// <summary>The result of all measurements.</summary>
/// <param name="Sizes">The ledgers.</param>
/// <param name="Rows">A row for each operation; those of the largest ledger alone have one column.</param>
/// <param name="Loads">The load of each size.</param>
/// <param name="ReadingMemoryPeak">Bytes, of the process that used the largest ledger.</param>
internal sealed record GrowthResult(IReadOnlyList<GrowthSize> Sizes, IReadOnlyList<GrowthRow> Rows, IReadOnlyList<GrowthStepResult> Loads, long ReadingMemoryPeak);
