namespace Factstone;

/// <summary>A blob that a store has, without its content.</summary>
/// <param name="Cid">Its name.</param>
/// <param name="Size">Bytes that are stored under the name. They are not checked: of a damaged blob it may be another number than that of the content.</param>
public readonly record struct BlobStat(Cid Cid, long Size);
