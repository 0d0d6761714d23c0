namespace Factstone.Storage;

/// <summary>Trims the preallocated zeros from segments that a crash ended.</summary>
/// <remarks>
/// Only zeros are cut. A reader in another process may have locations up to the end that was published before the crash,
/// also after the end that the next segment states. The trim runs only after HEAD durably says that the log continues
/// in another segment. It is not synced: if a power loss undoes it, the next recovery repeats it.
/// </remarks>
internal static class SegmentTrim
{
    const int ChunkBytes = 256 * 1_024;

    /// <summary>The end is rounded up to this, because the last bytes of a frame may be zeros.</summary>
    const int PageBytes = 4_096;

    /// <summary>Trims the last sealed segments, back to the first one without anything to trim: a crash before the trim leaves more than one.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="layout">The paths of the segments.</param>
    /// <param name="manifest">The segments; the last one is written to, and is not trimmed.</param>
    /// <param name="published">The slot of HEAD before the recovery; null if there was none.</param>
    /// <returns>The number of bytes that were trimmed.</returns>
    /// <exception cref="FactstoneException">A file cannot be read or cut.</exception>
    public static long Run(IFileSystem files, LedgerLayout layout, Manifest manifest, HeadSlot? published)
    {
        var trimmed = 0L;
        for (var i = manifest.Segments.Count - 2; i >= 0; i--)
        {
            var header = manifest.Segments[i];
            var end = Math.Max(manifest.EndOf(i)!.Value, published is { } slot && slot.IsIn(header) ? slot.FileOffset : 0);
            var bytes = Trim(files, layout.Segment(header.BasePosition, header.Generation), header, end);
            if (bytes == 0) break;
            trimmed += bytes;
        }

        return trimmed;
    }

    static long Trim(IFileSystem files, string path, SegmentHeader header, long end)
    {
        if (!files.FileExists(path)) return 0;
        using var file = files.Open(path, FileOpening.Existing);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        if (SegmentHeader.Read(bytes[..file.Read(bytes, 0)], out _) != header) return 0;

        var length = file.Length;
        var kept = RoundUp(Math.Max(end, EndOfData(file, end, length)));
        if (kept >= length) return 0;
        file.SetLength(kept);
        return length - kept;
    }

    /// <summary>The end of the last byte that is not zero, searched for from the end of the file down to <paramref name="floor"/>.</summary>
    static long EndOfData(IStorageFile file, long floor, long length)
    {
        var buffer = new byte[ChunkBytes];
        for (var chunkEnd = length; chunkEnd > floor;)
        {
            var from = Math.Max(chunkEnd - ChunkBytes, floor);
            var read = file.Read(buffer.AsSpan(0, (int)(chunkEnd - from)), from);
            var last = buffer.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (last >= 0) return from + last + 1;
            chunkEnd = from;
        }

        return floor;
    }

    static long RoundUp(long fileOffset) => (fileOffset + PageBytes - 1) / PageBytes * PageBytes;
}
