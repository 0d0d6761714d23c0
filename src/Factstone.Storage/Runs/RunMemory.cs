namespace Factstone.Storage;

/// <summary>How much memory the writing of a run takes. Small sizes are for tests.</summary>
/// <param name="FingerprintBytes">How much of a table of fingerprints is in memory at a time. The default is the table of 400,000 streams. A buffer of several times that would stay until the next full collection, and the next ones with it.</param>
/// <param name="HashesKeptMax">The hashes of so many terms are kept. Where a run has more, its terms are read again.</param>
/// <param name="ChunkBytes">Bytes of a chunk of scratch space, see <see cref="RunScratch"/>.</param>
/// <param name="ScratchBegin">Where the scratch space begins. It is moved where the run becomes longer.</param>
internal sealed record RunMemory(int FingerprintBytes = 8 * 1_024 * 1_024, int HashesKeptMax = 250_000, int ChunkBytes = 16 * 1_024, long ScratchBegin = 64 * 1_024 * 1_024);
