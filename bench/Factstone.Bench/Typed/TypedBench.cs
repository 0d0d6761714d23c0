using System.Diagnostics;
using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>What types cost: appends and reads with values beside those with payloads, and beside the deserialisation alone, in turn in one run.</summary>
internal sealed class TypedBench(string directory, double seconds, int rounds, TextWriter output)
{
    public const string Word = "typed";

    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- typed [--seconds 3] [--rounds 7] [--facts 500000] [--dir DIR] [W1] [W2] [W5] [W7]";

    static readonly string[] Names = ["W1", "W2", "W5", "W7"];

    const int Seed = 20_260_101;
    const int Draws = 1 << 16;

    static readonly Projection<long> Sum = new() { Name = "sum", Seed = 0, Step = static (sum, fact) => sum + ((Order)fact.Value!).Digest() };

    readonly ZipfStreams _streams = new(Seed);
    readonly Payloads _payloads = new(Seed);
    readonly Dictionary<string, List<double>> _results = [];

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        var (facts, seconds, rounds, directory) = (500_000, 3, 7, ".");
        List<string> names = [.. words.Where(static word => Names.Contains(word))];
        words = [.. words.Where(static word => !Names.Contains(word))];
        if (names.Count == 0) names.AddRange(Names);
        for (var i = 0; i < words.Length; i += 2)
        {
            var number = 0;
            var isNumber = i + 1 < words.Length && int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
            if (i + 1 < words.Length && words[i] == "--dir") directory = words[i + 1];
            else if (isNumber && words[i] == "--seconds") seconds = number;
            else if (isNumber && words[i] == "--rounds") rounds = number;
            else if (isNumber && words[i] == "--facts" && number >= 10_000) facts = number;
            else
            {
                await output.WriteLineAsync(Usage);
                return 2;
            }
        }

        var path = Directory.CreateDirectory(Path.Combine(directory, $"factstone-typed-{Guid.NewGuid():N}")).FullName;
        try
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Machine: {Machine.Describe(path)}; JSON of {Payloads.Bytes} bytes; {rounds} rounds of {seconds} s each, in turn, medians."));
            var bench = new TypedBench(path, seconds, rounds, output);
            foreach (var workload in Workload.All.Where(one => names.Contains(one.Name))) await bench.AppendAsync(workload);
            if (names.Contains("W5") || names.Contains("W7")) await bench.ReadAsync(facts, names);
            return 0;
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    async Task AppendAsync(Workload workload)
    {
        var values = new Dictionary<byte[], Order>(ReferenceEqualityComparer.Instance);
        for (var n = 0L; n < 100_000; n++) if (!values.ContainsKey(_payloads[n])) values.Add(_payloads[n], Order.Of(_payloads[n]));
        BenchTarget[] targets = [LedgerStore.Target, TypedLedgerStore.Target(values)];
        for (var round = -1; round < rounds; round++)
        {
            foreach (var target in round % 2 == 0 ? targets : targets.Reverse())
            {
                var rate = await new WorkloadRun(workload, target, _streams, _payloads).RunAsync(directory, TimeSpan.FromSeconds(seconds), CancellationToken.None);
                if (round >= 0) Add($"{workload.Name} {(target == targets[0] ? "untyped" : "typed")}", 1e9 / rate);
            }
        }

        var (untyped, typed) = (Median($"{workload.Name} untyped"), Median($"{workload.Name} typed"));
        await ReportAsync($"{workload.Name}: untyped {1e9 / untyped:N0} facts/s, typed {1e9 / typed:N0} facts/s: {100 * (1 - (untyped / typed)):0.0} % slower (at most 15)");
    }

    async Task ReadAsync(int count, List<string> names)
    {
        var facts = new LoadedFacts(count, Seed);
        var location = Path.Combine(directory, "loaded");
        await LoadedLedger.LoadAsync(location, facts);
        await using var ledger = await Ledger.OpenAsync(location, new LedgerOptions { Types = Order.Types });
        var random = new Random(Seed);
        var last = new int[facts.Keys];
        for (var fact = 0; fact < facts.Count; fact++) if (facts.StreamOf(fact) < facts.Keys) last[facts.StreamOf(fact)] = fact;
        int[] keys = [.. Enumerable.Range(0, Draws).Select(_ => random.Next(facts.Keys))];

        var latest = keys.Sum(key => Order.Deserialize(facts.PayloadOf(last[key])).Digest());
        var all = Enumerable.Range(0, facts.Count).Sum(fact => Order.Deserialize(facts.PayloadOf(fact)).Digest());
        (string Name, int Reads, long Answer, Func<ValueTask<long>> Read)[] sides =
        [
            ("W5 untyped", Draws, keys.Sum(key => (long)facts.PayloadOf(last[key]).Length), async () =>
            {
                var sum = 0L;
                foreach (var key in keys) sum += (await ledger.ReadLatestAsync(facts.Names[key]))!.Payload.Length;
                return sum;
            }),
            ("W5 bare", Draws, latest, () =>
            {
                var sum = 0L;
                foreach (var key in keys) sum += Order.Deserialize(facts.PayloadOf(last[key])).Digest();
                return ValueTask.FromResult(sum);
            }),
            ("W5 typed", Draws, latest, async () =>
            {
                var sum = 0L;
                foreach (var key in keys) sum += ((Order)(await ledger.ReadLatestAsync(facts.Names[key]))!.Value!).Digest();
                return sum;
            }),
            ("W5 both", Draws, latest, async () =>
            {
                var sum = 0L;
                foreach (var key in keys)
                {
                    if (await ledger.ReadLatestAsync(facts.Names[key]) is null) throw new InvalidDataException("A key has no value.");
                    sum += Order.Deserialize(facts.PayloadOf(last[key])).Digest();
                }

                return sum;
            }),
            ("W5 folded", Draws, latest, async () =>
            {
                var sum = 0L;
                foreach (var key in keys)
                {
                    sum = await ledger.FoldLatestAsync(facts.Names[key], sum, static (ref sum, in fact) =>
                    {
                        sum += ((Order)fact.ReadValue()!).Digest();
                        return true;
                    });
                }

                return sum;
            }),
            ("W7 bare", facts.Count, all, () =>
            {
                var sum = 0L;
                for (var fact = 0; fact < facts.Count; fact++) sum += Order.Deserialize(facts.PayloadOf(fact)).Digest();
                return ValueTask.FromResult(sum);
            }),
            ("W7 typed", facts.Count, all, () => ledger.FoldAsync(FactQuery.All, 0L, static (ref sum, in fact) =>
            {
                sum += ((Order)fact.ReadValue()!).Digest();
                return true;
            })),
            ("W7 projected", facts.Count, all, async () => (await ledger.ProjectAsync(Sum, FactQuery.All)).State),
        ];

        sides = [.. sides.Where(side => names.Contains(side.Name[..2]))];
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

        if (names.Contains("W5"))
        {
            var (untyped, bare) = (Median("W5 untyped"), Median("W5 bare"));
            await ReportAsync($"W5: untyped {untyped:N0} ns, bare Deserialize {bare:N0} ns");
            await ReportAsync($"W5 untyped and bare Deserialize in one loop: {Median("W5 both"):N0} ns: untyped + {(Median("W5 both") - untyped) / bare:0.00} × Deserialize");
            foreach (var (what, name) in new[] { ("typed, ReadLatestAsync and Fact.Value", "W5 typed"), ("typed in place, FoldLatestAsync and FactView.ReadValue", "W5 folded") })
                await ReportAsync($"W5 {what}: {Median(name):N0} ns: untyped + {(Median(name) - untyped) / bare:0.00} × Deserialize (at most 1.2)");
        }

        if (names.Contains("W7"))
        {
            await ReportAsync($"W7: bare Deserialize {1e9 / Median("W7 bare"):N0} facts/s");
            foreach (var (what, name) in new[] { ("typed in place, FoldAsync and FactView.ReadValue", "W7 typed"), ("typed, ProjectAsync and Fact.Value", "W7 projected") })
                await ReportAsync($"W7 {what}: {1e9 / Median(name):N0} facts/s: {Median("W7 bare") / Median(name):0.00} of bare (at least 0.8)");
        }
    }

    void Add(string name, double nanoseconds)
    {
        if (!_results.TryGetValue(name, out var all)) _results.Add(name, all = []);
        all.Add(nanoseconds);
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"{name}: {nanoseconds:N0} ns each"));
    }

    double Median(string name) => _results[name].Order().ElementAt(_results[name].Count / 2);

    Task ReportAsync(FormattableString line) => output.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));
}
