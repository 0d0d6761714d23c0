namespace Factstone.Cli.Bench;

/// <summary>One kind of appends that is measured. All kinds append JSON of 200 bytes to 1,000 streams, zipf 0.99.</summary>
/// <param name="Name">W1 to W4; W3 has two forms.</param>
/// <param name="What">As a phrase.</param>
/// <param name="Callers">Concurrent callers, each awaiting its own append.</param>
/// <param name="FactsPerAppend">Facts in one append.</param>
/// <param name="InFlight">Appends that one caller has in flight.</param>
/// <param name="ExpectsVersion">Whether each append states the expected version of its stream.</param>
internal sealed record Workload(string Name, string What, int Callers, int FactsPerAppend, int InFlight, bool ExpectsVersion)
{
    public static readonly IReadOnlyList<Workload> All =
    [
        new("W1", "one writer, one fact per append, expected version", 1, 1, 1, ExpectsVersion: true),
        new("W2", "64 callers, each awaiting its own append", 64, 1, 1, ExpectsVersion: false),
        new("W3", "100 facts per append, to one stream", 1, 100, 1, ExpectsVersion: false),
        new("W3-drawn", "100 facts per append, a stream drawn for each", 1, 100, 1, ExpectsVersion: false) { DrawsEachFact = true },
        new("W4", "one caller, 1,024 appends in flight", 1, 1, 1_024, ExpectsVersion: false),
    ];

    /// <summary>Whether a stream is drawn for each fact of an append, instead of one for all.</summary>
    public bool DrawsEachFact { get; init; }

    /// <summary>Whether several appends are in flight, so that one thread writes what is queued together.</summary>
    public bool IsShared => Callers > 1 || InFlight > 1;
}
