namespace Factstone.Cli.Growth;

/// <summary>How large one of the ledgers is.</summary>
/// <param name="Facts">Facts that are loaded.</param>
/// <param name="Keys">Different keys that they are drawn from.</param>
/// <param name="LongStreams">Versions of the streams that are read as of their middle; ascending, empty for none.</param>
internal sealed record GrowthSize(long Facts, long Keys, IReadOnlyList<long> LongStreams)
{
    public const long FactsMin = 1_000;
    public const long FactsMax = 1_000_000_000;

    /// <summary>Bytes on the disk of one fact of 200 bytes with two tags: of the log, of the index, and of a merge of the index while it is written.</summary>
    const long BytesPerFact = 400;

    /// <summary>The log's preallocated space, and what does not grow.</summary>
    const long BytesAlways = 64 * 1_024 * 1_024;

    /// <summary>Room that it takes while it is loaded and measured.</summary>
    public long Bytes => (Facts * BytesPerFact) + BytesAlways;
}
