using System.Globalization;

namespace Factstone.Storage;

/// <summary>The bytes of an unfinished write that a crash left: kept in <c>quarantine/</c> for an examination.</summary>
internal static class TornTail
{
    const string Ending = ".torn";
    const int FilesMax = 10;
    const long BytesMax = 64 * 1_024 * 1_024;
    const int ChunkBytes = 64 * 1_024;

    /// <summary>The number of bytes after an offset up to the last one that is not zero; 0 for none. Searches no further than one group.</summary>
    public static long Length(IStorageFile file, long from)
    {
        var end = Math.Min(file.Length, from + FrameFormat.FrameBytesMax);
        var buffer = new byte[Math.Min(ChunkBytes, Math.Max(end - from, 0))];
        var length = 0L;
        for (var at = from; at < end; at += buffer.Length)
        {
            var read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at);
            var last = buffer.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (last >= 0) length = at - from + last + 1;
            if (read == 0) break;
        }

        return length;
    }

    /// <summary>Copies the bytes away; if there are too many copies, the oldest are removed.</summary>
    public static void Keep(IFileSystem files, LedgerLayout layout, IStorageFile file, SegmentHeader segment, long from, long length)
    {
        files.CreateDirectory(layout.Quarantine);
        var name = string.Create(CultureInfo.InvariantCulture, $"{layout.Quarantine}/{segment.Sequence:D10}.{from:D10}{Ending}");
        files.Delete(name);
        using (var copy = files.Open(name, FileOpening.CreateNew))
        {
            var buffer = new byte[Math.Min(ChunkBytes, length)];
            for (var at = 0L; at < length; at += buffer.Length)
            {
                var read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), from + at);
                if (read == 0) break;
                copy.Write(buffer.AsSpan(0, read), at);
            }
        }

        DropOldest(files, layout);
    }

    static void DropOldest(IFileSystem files, LedgerLayout layout)
    {
        // Names begin with the segment's sequence, so the list is in the order of time.
        var names = files.List(layout.Quarantine).Where(static name => name.EndsWith(Ending, StringComparison.Ordinal)).ToList();
        var bytes = 0L;
        for (var i = names.Count - 1; i >= 0; i--)
        {
            var path = $"{layout.Quarantine}/{names[i]}";
            using (var file = files.Open(path, FileOpening.ReadOnly)) bytes += file.Length;
            if (names.Count - i > FilesMax || bytes > BytesMax) files.Delete(path);
        }
    }
}
