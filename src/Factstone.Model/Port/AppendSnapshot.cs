namespace Factstone;

/// <summary>What a storage has read for one append. Opaque: only the storage that made it knows what it holds.</summary>
internal abstract class AppendSnapshot;
