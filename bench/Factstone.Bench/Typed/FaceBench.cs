using System.Diagnostics;
using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>Reads of the typed face: an entry beside the latest fact of a stream, a live fold of a stream beside an untyped one, and a page of streams.</summary>
internal sealed class FaceBench(Ledger ledger, double seconds, int rounds, int streams, TextWriter output)
{
    public const string Word = "face";

    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- face [--seconds 2] [--rounds 7] [--streams 1000000] [--dir DIR]";

    const int Seed = 20_260_101;
    const int Draws = 1 << 14;
    const int Keys = 100_000;
    const int FactsPerFold = 1_000;
    const int FoldedStreams = 20;
    const int PageSize = 100;
    const int PerAppend = 5_000;

    static readonly Projection<long> Sum = new() { Name = "sum", Seed = 0, Step = static (sum, fact) => sum + ((Order)fact.Value!).Digest() };

    readonly Payloads _payloads = new(Seed);
    readonly Dictionary<string, List<double>> _results = [];

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        var (streams, seconds, rounds, directory) = (1_000_000, 2, 7, ".");
        for (var i = 0; i < words.Length; i += 2)
        {
            var number = 0;
            var isNumber = i + 1 < words.Length && int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
            if (i + 1 < words.Length && words[i] == "--dir") directory = words[i + 1];
            else if (isNumber && words[i] == "--seconds") seconds = number;
            else if (isNumber && words[i] == "--rounds") rounds = number;
            else if (isNumber && words[i] == "--streams" && number >= Keys) streams = number;
            else
            {
                await output.WriteLineAsync(Usage);
                return 2;
            }
        }

        var path = Directory.CreateDirectory(Path.Combine(directory, $"factstone-face-{Guid.NewGuid():N}")).FullName;
        try
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Machine: {Machine.Describe(path)}; JSON of {Payloads.Bytes} bytes; {rounds} rounds of {seconds} s each, in turn, medians."));
            await using var ledger = await Ledger.OpenAsync(Path.Combine(path, "ledger"), new LedgerOptions { Types = Order.Types });
            var bench = new FaceBench(ledger, seconds, rounds, streams, output);
            await bench.LoadAsync();
            await bench.MeasureAsync();
            return 0;
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    static string KeyOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{number:D7}");

    static StreamName Latest(int key) => new("orders", KeyOf(key));

    static StreamName Folded(int number) => new("folded", KeyOf(number));

    async Task LoadAsync()
    {
        await LoadAsync(streams, n => new AppendItem(new NewFact(Latest(n), Order.FactType, _payloads[n]), null));
        await LoadAsync(Keys, n => new AppendItem(null, NewCell.Put("orders", KeyOf(n), _payloads[n])));
        await LoadAsync(FoldedStreams * FactsPerFold, n => new AppendItem(new NewFact(Folded(n % FoldedStreams), Order.FactType, _payloads[n]), null));
    }

    async Task LoadAsync(int count, Func<int, AppendItem> make)
    {
        for (var done = 0; done < count; done += PerAppend)
        {
            AppendItem[] items = [.. Enumerable.Range(done, Math.Min(PerAppend, count - done)).Select(make)];
            await ledger.AppendAsync(new AppendRequest { Facts = [.. items.Select(static item => item.Fact).OfType<NewFact>()], Cells = [.. items.Select(static item => item.Cell).OfType<NewCell>()] });
        }
    }

    async Task MeasureAsync()
    {
        var random = new Random(Seed);
        int[] keys = [.. Enumerable.Range(0, Draws).Select(_ => random.Next(Keys))];
        StreamName[] latest = [.. keys.Select(Latest)];
        string[] names = [.. keys.Select(KeyOf)];
        StreamName[] folded = [.. Enumerable.Range(0, FoldedStreams).Select(Folded)];
        byte[][] payloads = [.. Enumerable.Range(0, FoldedStreams * FactsPerFold).Select(n => _payloads[n])];
        string[] pages = [.. Enumerable.Range(0, 256).Select(_ => KeyOf(random.Next(streams - PageSize - 1)))];
        var digest = payloads.Sum(static payload => Order.Deserialize(payload).Digest());
        var bytes = keys.Sum(key => (long)_payloads[key].Length);
        (string Name, int Reads, long Answer, Func<ValueTask<long>> Read)[] sides =
        [
            ("latest", Draws, bytes, async () =>
            {
                var sum = 0L;
                foreach (var stream in latest) sum += (await ledger.ReadLatestAsync(stream))!.Payload.Length;
                return sum;
            }),
            ("cell", Draws, bytes, async () =>
            {
                var sum = 0L;
                foreach (var name in names) sum += (await ledger.ReadCellAsync("orders", name))!.Value.Length;
                return sum;
            }),
            ("fold untyped", payloads.Length, payloads.Sum(static payload => (long)payload.Length), async () =>
            {
                var sum = 0L;
                foreach (var stream in folded)
                {
                    sum = await ledger.FoldStreamAsync(stream, sum, static (ref sum, in fact) =>
                    {
                        sum += fact.Payload.Length;
                        return true;
                    });
                }

                return sum;
            }),
            ("fold bare", payloads.Length, digest, () =>
            {
                var sum = 0L;
                foreach (var payload in payloads) sum += Order.Deserialize(payload).Digest();
                return ValueTask.FromResult(sum);
            }),
            ("fold typed", payloads.Length, digest, async () =>
            {
                var sum = 0L;
                foreach (var stream in folded) sum += (await ledger.ProjectAsync(Sum, stream)).State;
                return sum;
            }),
            ("page", pages.Length, (long)pages.Length * PageSize, async () =>
            {
                var count = 0L;
                foreach (var after in pages) await foreach (var _ in ledger.ListStreamsAsync("orders", new ListOptions { After = after, Limit = PageSize })) count++;
                return count;
            }),
        ];

        for (var round = -1; round < rounds; round++)
        {
            foreach (var side in round % 2 == 0 ? sides : sides.Reverse())
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                var (reads, started) = (0L, Stopwatch.GetTimestamp());
                TimeSpan taken;
                do
                {
                    if (await side.Read() != side.Answer) throw new InvalidDataException($"{side.Name}: what was read is not what was written.");
                    reads += side.Reads;
                    taken = Stopwatch.GetElapsedTime(started);
                }
                while (taken.TotalSeconds < seconds);
                if (round >= 0) Add(side.Name, taken.TotalNanoseconds / reads);
            }
        }

        await ReportAsync($"Get of an entry, raw: {Median("cell"):N0} ns; the latest fact of a stream: {Median("latest"):N0} ns: {Median("latest") / Median("cell"):0.00} times as fast (at least 0.9)");
        var both = Median("fold untyped") + Median("fold bare");
        await ReportAsync($"Live fold of {FactsPerFold:N0} typed facts: {Median("fold typed"):N0} ns a fact; untyped {Median("fold untyped"):N0} ns, bare Deserialize {Median("fold bare"):N0} ns: {Median("fold typed") / both:0.00} times both (at most 1.3)");
        await ReportAsync($"A page of {PageSize} streams among {streams:N0}: {Median("page") / 1e6:0.000} ms (under 1)");
    }

    void Add(string name, double nanoseconds)
    {
        if (!_results.TryGetValue(name, out var all)) _results.Add(name, all = []);
        all.Add(nanoseconds);
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"{name}: {nanoseconds:N0} ns each"));
    }

    double Median(string name) => _results[name].Order().ElementAt(_results[name].Count / 2);

    Task ReportAsync(FormattableString line) => output.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));

    readonly record struct AppendItem(NewFact? Fact, NewCell? Cell);
}
