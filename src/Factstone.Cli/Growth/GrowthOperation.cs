namespace Factstone.Cli.Growth;

/// <summary>An operation that is applied repeatedly to ledgers of different sizes.</summary>
/// <param name="Name">One or two words, for programs.</param>
/// <param name="What">As a phrase.</param>
/// <param name="TimesPerRound">How often it is done in each round.</param>
/// <param name="Appends">Whether it writes, and so waits for the disk.</param>
/// <param name="Draw">Draws the input for that many operations before the measurement; the answers are checked.</param>
/// <param name="AfterOtherWork">Whether each operation follows <see cref="OtherMemory"/>, so that the processor's caches contain nothing of the ledger, large or small.</param>
internal sealed record GrowthOperation(string Name, string What, int TimesPerRound, bool Appends, Func<GrowthLedger, int, GrowthWork> Draw, bool AfterOtherWork = false)
{
    const int Reads = 500;
    const int ReadsAfterWork = 25;
    const int Writes = 12;
    const int Pages = 10;

    /// <summary>Keys in one page.</summary>
    public const int PageKeys = 100;

    public static readonly IReadOnlyList<GrowthOperation> All =
    [
        new("latest", "the latest fact of a key", Reads, Appends: false, (ledger, times) => ledger.Latest(times)),
        new("as-of-position", "a key as of a position", Reads, Appends: false, (ledger, times) => ledger.AsOfPosition(times)),
        new("as-of-time", "a key as of a time", Reads, Appends: false, (ledger, times) => ledger.AsOfTime(times)),
        new("page-of-keys", $"{PageKeys} keys with their versions, from anywhere", Pages, Appends: false, (ledger, times) => ledger.PageOfKeys(times)),
        new("append", "one fact to a key", Writes, Appends: true, (ledger, times) => ledger.Append(times)),
        new("dcb-append", "one fact, if no fact has two tags", Writes, Appends: true, (ledger, times) => ledger.AppendUnlessMatch(times)),
        new("new-stream", "the first fact of a key", Writes, Appends: true, (ledger, times) => ledger.AppendNew(times)),
    ];

    /// <summary>Whether it reads one fact.</summary>
    public bool IsOneRead => !Appends && TimesPerRound == Reads;

    /// <summary>The same, each operation after other work.</summary>
    public GrowthOperation AfterWork() => this with { Name = $"{Name}-after-work", What = $"{What}, after other work", TimesPerRound = ReadsAfterWork, AfterOtherWork = true };

    /// <summary>Reads of one stream with this many versions, as of a position.</summary>
    public static GrowthOperation AsOfVersions(int longStream, long versions) =>
        new($"as-of-{versions}", $"a key of {versions:N0} versions as of a position", Reads, Appends: false, (ledger, times) => ledger.AsOfLongStream(longStream, times));
}
