using System.Diagnostics;
using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>This program as a separate process, to be killed, or to have its memory measured.</summary>
internal static class BenchChild
{
    public const string Word = "--child";
    public const string Append = "append";
    public const string Use = "use";
    public const string Ready = "ready";

    const int Seed = 11;

    /// <summary>Starts a child. It reports its progress on its output, and ends when its input is closed, if not before.</summary>
    public static Process Start(string what, string directory, int facts)
    {
        var program = Environment.ProcessPath!;
        string[] dll = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(BenchChild).Assembly.Location] : [];
        string[] words = [.. dll, Word, what, directory, facts.ToString(CultureInfo.InvariantCulture)];
        return Process.Start(new ProcessStartInfo(program, words) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    public static async Task<int> RunAsync(string[] words)
    {
        EndWithParent();
        var (directory, facts) = (words[1], int.Parse(words[2], CultureInfo.InvariantCulture));
        await using var ledger = await Ledger.OpenAsync(directory);
        if (words[0] == Append) await AppendUntilKilledAsync(ledger, facts);
        else await UseAsync(ledger, facts);
        return 0;
    }

    /// <summary>Reports that it is ready when this many facts are durable, and continues to append.</summary>
    static async Task AppendUntilKilledAsync(Ledger ledger, int facts)
    {
        await LoadAsync(ledger, facts, factsPerAppend: 1, Seed);
        await Console.Out.WriteLineAsync(Ready);
        await LoadAsync(ledger, int.MaxValue, factsPerAppend: 1, Seed);
    }

    /// <summary>Loads, scans, and reads records and streams. It reports each step before it begins.</summary>
    static async Task UseAsync(Ledger ledger, int facts)
    {
        const int Reads = 200_000;
        await Console.Out.WriteLineAsync("loading");
        await LoadAsync(ledger, facts, factsPerAppend: 1, Seed);

        await Console.Out.WriteLineAsync("scanning");
        var scanned = 0;
        await foreach (var _ in ledger.ReadAsync()) scanned++;
        if (scanned != facts) throw new InvalidDataException($"{facts} facts were loaded and {scanned} are there.");

        await Console.Out.WriteLineAsync("reading");
        var names = Names();
        var random = new Random(Seed);
        for (var i = 0; i < Reads; i++) await ledger.ReadLatestAsync(names[random.Next(names.Length)]);
        var read = 0;
        foreach (var name in names) await foreach (var _ in ledger.ReadStreamAsync(name)) read++;
        if (read != facts) throw new InvalidDataException($"{facts} facts were loaded and the streams have {read}.");
    }

    /// <summary>Appends JSON payloads of 200 bytes to 1,000 streams, zipf 0.99.</summary>
    public static async Task LoadAsync(Ledger ledger, int facts, int factsPerAppend, int seed)
    {
        var (streams, payloads, names) = (new ZipfStreams(seed), new Payloads(seed), Names());
        await using var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = Math.Max(1, 1_024 / factsPerAppend) });
        for (var number = 0; number < facts; number += factsPerAppend)
        {
            var request = new NewFact[Math.Min(factsPerAppend, facts - number)];
            for (var i = 0; i < request.Length; i++) request[i] = new NewFact(names[streams[number + i]], "changed", payloads[number + i]);
            await appender.SendAsync(new AppendRequest(request));
        }

        await appender.FlushAsync();
    }

    static StreamName[] Names() => [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new StreamName("orders", i.ToString(CultureInfo.InvariantCulture)))];

    /// <summary>Ends this process when its parent ends. A parent that is killed cannot end it.</summary>
    static void EndWithParent()
    {
        var watch = new Thread(() =>
        {
            while (Console.In.Read() >= 0) { }
            Environment.Exit(1);
        })
        { IsBackground = true, Name = "parent" };
        watch.Start();
    }
}
