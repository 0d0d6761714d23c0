namespace Factstone.Cli.Bench;

/// <summary>One way of appending that is measured. All of them append JSON of 200 bytes to 1,000 streams, zipf 0.99.</summary>
/// <param name="Name">W1 to W4; W3 has two readings.</param>
/// <param name="What">As a phrase.</param>
/// <param name="Callers">Callers at a time, each awaiting its own append.</param>
/// <param name="FactsPerAppend">Facts in one append.</param>
/// <param name="InFlight">Appends that one caller has on their way.</param>
/// <param name="ExpectsVersion">Whether each append says at which version its stream is.</param>
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

    /// <summary>Whether each fact of an append goes to a stream of its own drawing, and not all to one.</summary>
    public bool DrawsEachFact { get; init; }

    /// <summary>Whether appends come from several places at a time, so that one thread writes what is queued together.</summary>
    public bool IsShared => Callers > 1 || InFlight > 1;
}
