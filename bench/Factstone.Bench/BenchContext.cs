using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>What all workloads of one comparison share.</summary>
internal sealed class BenchContext(ComparisonOptions options, string directory) : IAsyncDisposable
{
    const int Seed = 20_260_101;

    readonly Lazy<LoadedStores> _loaded = new(() => new LoadedStores(Path.Combine(directory, "loaded"), options.Facts, Seed));

    public ComparisonOptions Options => options;

    public string Directory => directory;

    public TimeSpan Duration => TimeSpan.FromSeconds(options.Seconds);

    public ZipfStreams Streams { get; } = new(Seed);

    public Payloads Payloads { get; } = new(Seed);

    /// <summary>The same facts in a ledger and in SQLite, loaded at the first use.</summary>
    public LoadedStores Loaded => _loaded.Value;

    /// <summary>Reports the progress of long work to standard error, apart from the results.</summary>
    public static void Report(string progress) => Console.Error.WriteLine(progress);

    public ValueTask DisposeAsync() => _loaded.IsValueCreated ? _loaded.Value.DisposeAsync() : ValueTask.CompletedTask;
}
