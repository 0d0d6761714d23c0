namespace Factstone.Storage;

/// <summary>The limits for the memory that writing a run takes. Small sizes are for tests.</summary>
/// <param name="FingerprintBytes">The maximal number of bytes of a table of fingerprints in memory at a time. The default is the table of 400,000 streams. A buffer several times as large would stay until the next full collection, and so would the ones after it.</param>
/// <param name="HashesKeptMax">The maximal number of terms whose hashes are kept in memory. If a run has more terms, they are read again.</param>
/// <param name="ChunkBytes">Bytes of a chunk of scratch space, see <see cref="RunScratch"/>.</param>
/// <param name="ScratchBegin">The offset where the scratch space begins. The space is moved if the run becomes longer.</param>
internal sealed record RunMemory(int FingerprintBytes = 8 * 1_024 * 1_024, int HashesKeptMax = 250_000, int ChunkBytes = 16 * 1_024, long ScratchBegin = 64 * 1_024 * 1_024);
