using System.Text;

namespace Factstone.Tests.Records;

/// <summary>One seed: random writes, retractions and pages of records and entries with odd names, compared with a plain model.</summary>
public sealed class RecordRunTests
{
    const int Runs = 6;

    static readonly string[] Pieces = ["a", "A", "ab", "é", "e\u0301", "\uE000", "\uFFFD", "\uFFFF", "\U00010000", "\U0010FFFF", "\u200D", "/", " ", "~", "ﬁ", "ß", "名"];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly Comparer<string> ByBytes = Comparer<string>.Create(static (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    [Fact]
    public async Task Records_and_entries_are_those_of_a_model_at_every_point_and_on_every_page()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static async (seed, counts) => counts.Count("records written", await RunAsync(new Random(seed))));
        Assert.True(counts.Seeds < Runs || counts["records written"] > 100);
    }

    static async Task<int> RunAsync(Random random)
    {
        var files = new Storage.MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, MemoryFactsMax = random.Next(4, 40), PreallocationBytesMax = 0 };
        var ledger = await Ledger.OpenAsync("ledger", options, Cancellation);
        var history = new List<(string Key, double? Value)>(); // by position
        var entries = new Dictionary<string, (double Value, long Version)>(StringComparer.Ordinal);
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        string[] keys = [.. Enumerable.Range(0, 30).Select(_ => Name(random)).Append("").Distinct(StringComparer.Ordinal)];
        var steps = random.Next(50, 300);
        for (var step = 0; step < steps; step++)
        {
            var key = keys[random.Next(keys.Length)];
            var readings = ledger.Records(Readings.Store);
            var values = ledger.KeyValue("values", ReadingJson.Default.Reading);
            switch (random.Next(9))
            {
                case 0:
                    await readings.RetractAsync(key, Cancellation);
                    history.Add((key, null));
                    break;
                case 1:
                    await values.DeleteAsync(key, Cancellation);
                    entries.Remove(key);
                    versions[key] = versions.GetValueOrDefault(key) + 1;
                    break;
                case < 5:
                    await values.PutAsync(key, new Reading(step), Cancellation);
                    versions[key] = versions.GetValueOrDefault(key) + 1;
                    entries[key] = (step, versions[key]);
                    break;
                case 5 when random.Next(10) == 0:
                    await ledger.DisposeAsync();
                    ledger = await Ledger.OpenAsync("ledger", options, Cancellation);
                    break;
                default:
                    await readings.WriteAsync(key, new Reading(step), Cancellation);
                    history.Add((key, step));
                    break;
            }
        }

        await using (ledger) await CompareAsync(ledger, random, keys, history, entries);
        return history.Count;
    }

    static async Task CompareAsync(Ledger ledger, Random random, string[] keys, List<(string Key, double? Value)> history, Dictionary<string, (double Value, long Version)> entries)
    {
        var values = ledger.KeyValue("values", ReadingJson.Default.Reading);
        foreach (var key in keys)
        {
            var entry = await values.GetAsync(key, Cancellation);
            (double, long)? expected = entries.TryGetValue(key, out var written) ? written : null;
            Assert.Equal(expected, entry is null ? default((double, long)?) : (entry.Value.Celsius, entry.Version.Value));
        }

        for (var i = 0; i < 40; i++)
        {
            var page = new CellListOptions { Prefix = Prefix(random, keys), After = random.Next(2) == 0 ? null : Name(random), Limit = random.Next(3) == 0 ? null : random.Next(8) };
            string[] names = [.. Paged(entries.Keys, page.Prefix, page.After, page.Limit)];
            Assert.Equal(names, await values.ListNamesAsync(page, Cancellation).ToListAsync(Cancellation));
            Assert.Equal(names.Select(name => entries[name].Value), await values.ListAsync(page, Cancellation).Select(static entry => entry.Value.Celsius).ToListAsync(Cancellation));

            var position = random.Next(history.Count + 1);
            var then = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var (key, value) in history.Take(position))
            {
                if (value is { } written) then[key] = written;
                else then.Remove(key);
            }

            var reader = ledger.Records(Readings.Store).AsOf(new Position(position));
            var record = keys[random.Next(keys.Length)];
            Assert.Equal(then.TryGetValue(record, out var was) ? was : default(double?), (await reader.ReadAsync(record, Cancellation))?.Value.Celsius);
            var list = new ListOptions { Prefix = page.Prefix, After = page.After, Limit = page.Limit };
            string[] recordKeys = [.. Paged(then.Keys, list.Prefix, list.After, list.Limit)];
            Assert.Equal(recordKeys, await reader.ListKeysAsync(list, Cancellation).ToListAsync(Cancellation));
            var records = await reader.ListAsync(list, Cancellation).ToListAsync(Cancellation);
            Assert.Equal(recordKeys, records.Select(static one => one.Key));
            Assert.Equal(recordKeys.Select(key => then[key]), records.Select(static one => one.Value.Celsius));
            foreach (var one in records) Assert.Equal(history.Take(position).Count(change => change.Key == one.Key), one.Version.Value);

            await foreach (var stream in ledger.ListStreamsAsync("readings", list with { AsOf = new Position(position), WithLatestFacts = true }, Cancellation))
            {
                Assert.Equal((stream.Version, stream.Stream), (stream.LatestFact!.StreamVersion, stream.LatestFact.Stream));
                Assert.Equal(stream.IsRetracted, !then.ContainsKey(stream.Stream.Key));
            }
        }
    }

    static IEnumerable<string> Paged(IEnumerable<string> names, string prefix, string? after, long? limit) =>
        names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && (after is null || ByBytes.Compare(name, after) > 0)).Order(ByBytes).Take((int)(limit ?? int.MaxValue));

    static string Prefix(Random random, string[] keys)
    {
        if (random.Next(2) == 0) return "";
        var key = keys[random.Next(keys.Length)];
        var length = random.Next(key.Length + 1);
        return length > 0 && char.IsHighSurrogate(key[length - 1]) ? key[..(length - 1)] : key[..length];
    }

    static string Name(Random random) => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Pieces[random.Next(Pieces.Length)]));
}
