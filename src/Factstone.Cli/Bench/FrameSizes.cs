namespace Factstone.Cli.Bench;

/// <summary>How many bytes the ledger writes for one append: measured on a small one, so that the probe writes as many.</summary>
internal static class FrameSizes
{
    const int Appends = 200;

    public static async ValueTask<int> MeasureAsync(string directory, int factsPerAppend, ZipfStreams streams, Payloads payloads)
    {
        var one = await LogBytesAsync(directory, 1, factsPerAppend, streams, payloads).ConfigureAwait(false);
        var more = await LogBytesAsync(directory, 1 + Appends, factsPerAppend, streams, payloads).ConfigureAwait(false);
        return (int)Math.Round((more - one) / (double)Appends);
    }

    static async ValueTask<long> LogBytesAsync(string directory, int appends, int factsPerAppend, ZipfStreams streams, Payloads payloads)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, "sizes"));
        var store = await LedgerStore.Target.OpenAsync(place.FullName, Workload.All[0]).ConfigureAwait(false);
        for (var i = 0; i < appends; i++)
        {
            byte[][] facts = [.. Enumerable.Range(0, factsPerAppend).Select(j => payloads[j])];
            await store.AppendAsync(streams[i], facts).ConfigureAwait(false);
        }

        // A closed ledger has given back the zeros ahead of its tail.
        await store.DisposeAsync().ConfigureAwait(false);
        var bytes = place.EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(file => file.Length);
        place.Delete(recursive: true);
        return bytes;
    }
}
