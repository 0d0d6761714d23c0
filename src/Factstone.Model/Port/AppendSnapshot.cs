namespace Factstone;

/// <summary>The lookups that a storage has done for one append. Opaque: only the storage that created it reads its content.</summary>
internal abstract class AppendSnapshot;
