namespace Factstone.Cli.Bench;

/// <summary>The number of bytes that the ledger writes for one append, measured on a small ledger, so that the probe writes as many.</summary>
internal static class FrameSizes
{
    const int Appends = 200;

    public static async ValueTask<int> MeasureAsync(string directory, Workload workload, ZipfStreams streams, Payloads payloads)
    {
        var one = await LogBytesAsync(directory, 1, workload, streams, payloads).ConfigureAwait(false);
        var more = await LogBytesAsync(directory, 1 + Appends, workload, streams, payloads).ConfigureAwait(false);
        return (int)Math.Round((more - one) / (double)Appends);
    }

    static async ValueTask<long> LogBytesAsync(string directory, int appends, Workload workload, ZipfStreams streams, Payloads payloads)
    {
        var location = Directory.CreateDirectory(Path.Combine(directory, "sizes"));
        var store = await LedgerStore.Target.OpenAsync(location.FullName, workload).ConfigureAwait(false);
        byte[][] facts = [.. Enumerable.Range(0, workload.FactsPerAppend).Select(i => payloads[i])];
        for (var i = 0; i < appends; i++)
        {
            if (workload.DrawsEachFact) await store.AppendAsync([.. facts.Select((_, j) => streams[(i * facts.Length) + j])], facts, new long[facts.Length]).ConfigureAwait(false);
            else await store.AppendAsync(streams[i], facts).ConfigureAwait(false);
        }

        // A clean close trims the preallocated space, so the file ends with the log.
        await store.DisposeAsync().ConfigureAwait(false);
        var bytes = location.EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(file => file.Length);
        location.Delete(recursive: true);
        return bytes;
    }
}
