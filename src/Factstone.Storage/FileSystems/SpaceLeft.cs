namespace Factstone.Storage;

/// <summary>The space on a file system.</summary>
/// <param name="FreeBytes">Bytes that this process may still write.</param>
/// <param name="TotalBytes">Bytes in all.</param>
internal readonly record struct SpaceLeft(long FreeBytes, long TotalBytes);
