namespace Factstone.Storage;

/// <summary>The content of a file in memory. A page exists only if a byte other than zero was written to it.</summary>
/// <remarks>
/// Always true: a byte at or beyond <see cref="Length"/> is zero, so that an extension needs to clear nothing.
/// Threads: one writer at a time, which the owner ensures. Any number of readers may run beside it without a lock, and
/// may see part of a write in progress, as on a disk.
/// Two clones share their pages until one of them writes, so a clone costs one array of references.
/// </remarks>
internal sealed class SparseBytes
{
    public const int PageSize = 4096;

    /// <summary>Bounds the array of pages, which grows with the furthest byte.</summary>
    public const long LengthMax = 1L << 38;

    Page?[] _pages = [];
    object _owner = new();
    long _length;

    /// <summary>A page belongs to one owner, which may change it. Others that hold it change a copy.</summary>
    sealed class Page(object owner, byte[] bytes)
    {
        public object Owner { get; } = owner;

        public byte[] Bytes { get; } = bytes;
    }

    public long Length => Volatile.Read(ref _length);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public int Read(Span<byte> buffer, long offset)
    {
        // The length is read before the pages. A writer publishes them in the opposite order, so every byte within the length exists.
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        var pages = Volatile.Read(ref _pages);
        for (var rest = buffer[..count]; !rest.IsEmpty;)
        {
            var (index, within) = LocationOf(offset);
            var part = rest[..Math.Min(rest.Length, PageSize - within)];
            if (PageAt(pages, index) is { } page)
                page.Bytes.AsSpan(within, part.Length).CopyTo(part);
            else
                part.Clear();
            rest = rest[part.Length..];
            offset += part.Length;
        }

        return count;
    }

    /// <summary>Writes all bytes, and extends the file if needed. Zeros in a page that does not exist allocate nothing.</summary>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty) return;
        var end = offset + bytes.Length;
        while (!bytes.IsEmpty)
        {
            var (index, within) = LocationOf(offset);
            var part = bytes[..Math.Min(bytes.Length, PageSize - within)];
            if (PageAt(_pages, index) is not null || part.ContainsAnyExcept((byte)0))
                part.CopyTo(OwnPage(index).AsSpan(within));
            bytes = bytes[part.Length..];
            offset += part.Length;
        }

        if (end > _length) Volatile.Write(ref _length, end);
    }

    /// <summary>Clears a range within the file without allocating anything.</summary>
    public void Clear(long offset, long length)
    {
        var end = Math.Min(offset + length, Math.Min(_length, (long)_pages.Length * PageSize));
        while (offset < end)
        {
            var (index, within) = LocationOf(offset);
            var count = (int)Math.Min(end - offset, PageSize - within);
            if (count == PageSize)
                Volatile.Write(ref _pages[index], null);
            else if (_pages[index] is not null)
                OwnPage(index).AsSpan(within, count).Clear();
            offset += count;
        }
    }

    public void SetLength(long length)
    {
        if (length < _length) Clear(length, _length - length);
        Volatile.Write(ref _length, length);
    }

    /// <summary>The offset of the last byte other than zero; -1 if there is none.</summary>
    public long LastNonZero()
    {
        for (var index = _pages.Length - 1; index >= 0; index--)
        {
            if (_pages[index] is not { } page) continue;
            var last = page.Bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
            if (last >= 0) return (long)index * PageSize + last;
        }

        return -1;
    }

    /// <summary>The offsets of existing pages, ascending. Everything else reads as zeros.</summary>
    public IEnumerable<long> PageOffsets()
    {
        for (var index = 0; index < _pages.Length; index++)
            if (_pages[index] is not null)
                yield return (long)index * PageSize;
    }

    public void FlipBit(long bitIndex)
    {
        var (index, within) = LocationOf(bitIndex / 8);
        OwnPage(index)[within] ^= (byte)(1 << (int)(bitIndex % 8));
    }

    public SparseBytes Clone()
    {
        // From now on neither side owns the pages: the next write of either side copies the page that it changes.
        _owner = new object();
        return new SparseBytes { _pages = [.. _pages], _length = _length };
    }

    static (int Index, int Within) LocationOf(long offset) => ((int)(offset / PageSize), (int)(offset % PageSize));

    static Page? PageAt(Page?[] pages, int index) => index < pages.Length ? Volatile.Read(ref pages[index]) : null;

    byte[] OwnPage(int index)
    {
        if (index >= _pages.Length)
        {
            var grown = new Page?[Math.Max(index + 1, _pages.Length * 2)];
            _pages.CopyTo(grown, 0);
            Volatile.Write(ref _pages, grown);
        }

        var page = _pages[index];
        if (page?.Owner != _owner)
        {
            page = new Page(_owner, page is null ? new byte[PageSize] : [.. page.Bytes]);
            Volatile.Write(ref _pages[index], page);
        }

        return page.Bytes;
    }
}
