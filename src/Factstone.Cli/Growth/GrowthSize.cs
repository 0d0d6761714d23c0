namespace Factstone.Cli.Growth;

/// <summary>The size of one of the ledgers.</summary>
/// <param name="Facts">The number of facts that are loaded.</param>
/// <param name="Keys">The number of keys that they are drawn from.</param>
/// <param name="LongStreams">The numbers of versions of the streams that are read as of their middle; ascending, empty for none.</param>
internal sealed record GrowthSize(long Facts, long Keys, IReadOnlyList<long> LongStreams)
{
    public const long FactsMin = 1_000;
    public const long FactsMax = 1_000_000_000;

    /// <summary>Bytes on disk for one fact of 200 bytes with two tags: in the log, in the index, and in a merge of the index while it is written.</summary>
    const long BytesPerFact = 400;

    /// <summary>The preallocated space of the log, and everything else that does not grow.</summary>
    const long BytesAlways = 64 * 1_024 * 1_024;

    /// <summary>The disk space that it takes while it is loaded and measured.</summary>
    public long Bytes => (Facts * BytesPerFact) + BytesAlways;
}
