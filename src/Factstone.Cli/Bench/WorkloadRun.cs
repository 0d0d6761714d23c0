using System.Diagnostics;

namespace Factstone.Cli.Bench;

/// <summary>Runs one workload on one fresh store, and then reads back what was acknowledged.</summary>
/// <remarks>The first part of the time does not count: code is being compiled, and files are small.</remarks>
internal sealed class WorkloadRun(Workload workload, BenchTarget target, ZipfStreams streams, Payloads payloads)
{
    const double WarmUpShare = 0.2;

    readonly long[] _versions = new long[ZipfStreams.Count];
    long _countFrom;
    long _until;
    long _counted;

    /// <summary>Facts per second.</summary>
    public async ValueTask<double> RunAsync(string directory, TimeSpan duration, CancellationToken ct)
    {
        var location = Directory.CreateDirectory(Path.Combine(directory, $"{target.Name}-{workload.Name}"));
        try
        {
            var callers = new Acknowledged[workload.Callers];
            await using (var store = await target.OpenAsync(location.FullName, workload).ConfigureAwait(false))
            {
                // Garbage of the run before must not be collected during this one.
                GC.Collect();
                GC.WaitForPendingFinalizers();
                _countFrom = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * WarmUpShare * Stopwatch.Frequency);
                _until = _countFrom + (long)(duration.TotalSeconds * Stopwatch.Frequency);
                await Task.WhenAll(Enumerable.Range(0, callers.Length).Select(i => Task.Run(async () => callers[i] = await CallAsync(store, i, ct).ConfigureAwait(false), ct))).ConfigureAwait(false);
            }

            if (target.KeepsFacts)
            {
                await using var reopened = await target.OpenAsync(location.FullName, workload).ConfigureAwait(false);
                await Acknowledged.CompareAsync(callers, reopened, payloads).ConfigureAwait(false);
            }

            return _counted / duration.TotalSeconds;
        }
        finally
        {
            location.Delete(recursive: true);
        }
    }

    ValueTask<Acknowledged> CallAsync(IBenchStore store, int caller, CancellationToken ct) => workload switch
    {
        { InFlight: > 1 } => SendAsync(store, ct),
        { DrawsEachFact: true } => AppendDrawnAsync(store, ct),
        { FactsPerAppend: > 1 } => AppendManyAsync(store, ct),
        _ => AppendEachAsync(store, caller, ct),
    };

    async ValueTask<Acknowledged> AppendEachAsync(IBenchStore store, int caller, CancellationToken ct)
    {
        var acknowledged = new Acknowledged();
        var counted = 0L;
        for (long number = caller; Stopwatch.GetTimestamp() < _until; number += workload.Callers)
        {
            ct.ThrowIfCancellationRequested();
            var stream = streams[number];
            var version = await store.AppendAsync(stream, workload.ExpectsVersion ? _versions[stream] : null, payloads[number]).ConfigureAwait(false);
            if (workload.ExpectsVersion) _versions[stream] = version;
            acknowledged.Add(stream, version, number);
            if (IsCounted()) counted++;
        }

        Interlocked.Add(ref _counted, counted);
        return acknowledged;
    }

    async ValueTask<Acknowledged> AppendManyAsync(IBenchStore store, CancellationToken ct)
    {
        var acknowledged = new Acknowledged();
        var facts = new byte[workload.FactsPerAppend][];
        for (var append = 0L; Stopwatch.GetTimestamp() < _until; append++)
        {
            ct.ThrowIfCancellationRequested();
            var number = append * facts.Length;
            var stream = streams[append];
            for (var i = 0; i < facts.Length; i++) facts[i] = payloads[number + i];
            var last = await store.AppendAsync(stream, facts).ConfigureAwait(false);
            acknowledged.Add(stream, last - facts.Length + 1, number, facts.Length);
            if (IsCounted()) _counted += facts.Length;
        }

        return acknowledged;
    }

    async ValueTask<Acknowledged> AppendDrawnAsync(IBenchStore store, CancellationToken ct)
    {
        var acknowledged = new Acknowledged();
        var facts = new byte[workload.FactsPerAppend][];
        var (drawn, versions) = (new int[facts.Length], new long[facts.Length]);
        for (var number = 0L; Stopwatch.GetTimestamp() < _until; number += facts.Length)
        {
            ct.ThrowIfCancellationRequested();
            for (var i = 0; i < facts.Length; i++) (drawn[i], facts[i]) = (streams[number + i], payloads[number + i]);
            await store.AppendAsync(drawn, facts, versions).ConfigureAwait(false);
            for (var i = 0; i < facts.Length; i++) acknowledged.Add(drawn[i], versions[i], number + i);
            if (IsCounted()) _counted += facts.Length;
        }

        return acknowledged;
    }

    async ValueTask<Acknowledged> SendAsync(IBenchStore store, CancellationToken ct)
    {
        var acknowledged = new Acknowledged();
        var answered = 0L;
        for (var number = 0L; Stopwatch.GetTimestamp() < _until; number++)
        {
            ct.ThrowIfCancellationRequested();
            await store.SendAsync(streams[number], payloads[number], Answer).ConfigureAwait(false);
        }

        await store.FlushAsync().ConfigureAwait(false);
        return acknowledged;

        void Answer(long version)
        {
            acknowledged.Add(streams[answered], version, answered);
            answered++;
            if (IsCounted()) _counted++;
        }
    }

    bool IsCounted() => Stopwatch.GetTimestamp() is var now && now >= _countFrom && now < _until;
}
