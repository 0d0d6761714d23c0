namespace Factstone.Storage;

/// <summary>How blobs are written.</summary>
internal sealed record BlobStorageOptions
{
    /// <summary>Content is read and written in pieces of this size. Smaller content is compared with what is stored before anything is written.</summary>
    public const int ChunkBytesDefault = 256 * 1_024;

    /// <summary>Blobs leave free the size of the file system divided by this number, up to <see cref="ReserveBytesMax"/>.</summary>
    public const int PartReserved = 16;

    public int ChunkBytes { get; init; } = ChunkBytesDefault;

    /// <summary>How much is written at most before it is synced.</summary>
    public int BytesPerSync { get; init; } = 32 * 1_024 * 1_024;

    /// <summary>Bytes of the disk that blobs leave free for the log.</summary>
    public long ReserveBytesMax { get; init; } = 64 * 1_024 * 1_024;

    /// <summary>The source of the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
