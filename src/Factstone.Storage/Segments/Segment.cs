namespace Factstone.Storage;

/// <summary>One file of the log: its header, and its bytes for readers. A sealed segment is opened and mapped when it is first read.</summary>
internal sealed class Segment : IDisposable
{
    /// <summary>The size of a small fact.</summary>
    const int PrefetchedBytes = 384;

    readonly FilePool? _pool;
    readonly long _lengthExpected;
    readonly Lock _mapping = new();
    IMappedFile? _mapped;
    long _mappedLength;
    bool _maps;
    bool _wasUsed;
    bool _staysMapped;
    long _keptEnd;
    long _foundEnd;
    long _lastingEnd;

    /// <summary>A file that is open, and stays open; never mapped.</summary>
    public Segment(IStorageFile file, SegmentHeader header, uint ledgerTag) => (File, Header, LedgerTag, Seed) = (file, header, ledgerTag, Crc32C.Seed(header.Nonce));

    /// <summary>A single file that is read by itself.</summary>
    public Segment(IStorageFile file, SegmentHeader header) : this(file, header, header.LedgerId.Tag) { }

    /// <summary>A file of a pool, which is opened when it is first read.</summary>
    /// <param name="pool">Bounds how many files are open and mapped.</param>
    /// <param name="file">A file of this pool.</param>
    /// <param name="header">The header, as in the manifest.</param>
    /// <param name="options">Whether the file is mapped, and its expected length. One large append, or a writer with other options, can make it longer.</param>
    public Segment(FilePool pool, PooledFile file, SegmentHeader header, StorageOptions options) : this(file, header) =>
        (_pool, _maps, _lengthExpected) = (pool, options.MapsFiles, options.SegmentSizeBytes);

    public SegmentHeader Header { get; }

    /// <summary>The file, for what writes it. Reads of the content go through <see cref="Read"/> and <see cref="Bytes"/>.</summary>
    public IStorageFile File { get; }

    public string Path => File.Path;

    /// <summary>The initial state of every checksum of this segment.</summary>
    public uint Seed { get; }

    public uint LedgerTag { get; }

    public LogLocation LocationOf(long fileOffset) => new(Header.BasePosition, Header.Generation, fileOffset);

    /// <summary>The file as memory, if it is mapped now. A reader of its bytes must hold the mapping meanwhile.</summary>
    public IMappedFile? Mapped => Volatile.Read(ref _mapped);

    /// <summary>The file as memory, mapped now if it was not; null if it cannot be mapped. A reader of its bytes must hold the mapping meanwhile.</summary>
    /// <exception cref="LedgerIOException">The file cannot be opened.</exception>
    public IMappedFile? Map()
    {
        if (!_wasUsed) _wasUsed = true;
        return Volatile.Read(ref _mapped) ?? (_maps ? MapNow() : null);
    }

    /// <summary>Everything below this end was written and stays: a fact that begins below it also ends below it.</summary>
    /// <remarks>Threads: the one that opens, refreshes or writes, before any reader reads what is new.</remarks>
    public void Keep(long end)
    {
        if (end > _keptEnd) _keptEnd = end;
        if (end > _lastingEnd) Volatile.Write(ref _lastingEnd, Math.Min(end, Volatile.Read(ref _mappedLength)));
    }

    /// <summary>The same for an end that was found in the file, which may have lost its end.</summary>
    public void RaiseFoundEnd(long end)
    {
        lock (_mapping)
        {
            _foundEnd = Math.Max(_foundEnd, end);
            if (_mappedLength > 0) Keep(Math.Min(end, File.Length));
        }
    }

    /// <summary>The length of its content, including what is preallocated.</summary>
    /// <exception cref="LedgerIOException">The file cannot be opened.</exception>
    public long Length => File.Length;

    /// <summary>Copies its bytes from an offset on.</summary>
    /// <returns>The number of bytes copied; fewer than fit only at the end of the content.</returns>
    /// <exception cref="LedgerIOException">The file cannot be read.</exception>
    public int Read(Span<byte> target, long fileOffset) => File.Read(target, fileOffset);

    /// <summary>Its bytes from an offset on: in place if it is mapped there, otherwise through a window. Fewer only at the end of the content.</summary>
    /// <param name="mapped">The file as memory, as <see cref="Map"/> returned it; null if it is not mapped.</param>
    /// <param name="window">Reads what is not mapped.</param>
    /// <param name="fileOffset">The offset of the first byte.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <exception cref="LedgerIOException">The file cannot be read.</exception>
    public ReadOnlySpan<byte> Bytes(IMappedFile? mapped, FileWindow window, long fileOffset, int bytes)
    {
        if (mapped is null || fileOffset + bytes > _mappedLength) return window.At(this, fileOffset, bytes);

        // A read of a mapping beyond the end of its file ends the process, and a damaged length can lead there. The writer,
        // which may be another process, can trim the file at any time. So the current length of the file proves nothing
        // about the next moment; it is used only where no durable end is known.
        var end = Volatile.Read(ref _lastingEnd);
        if (fileOffset >= end) end = Math.Min(File.Length, _mappedLength);
        var there = Math.Min(end - fileOffset, bytes);
        return there <= 0 ? [] : mapped.Bytes(fileOffset, (int)there);
    }

    /// <summary>Bytes from here on will be read soon.</summary>
    public void Prefetch(long fileOffset, int bytes = PrefetchedBytes) => Mapped?.Prefetch(fileOffset, bytes);

    /// <summary>The file is no longer written: it is closed, and opened again for reads.</summary>
    public void Seal() => (File as PooledFile)?.Unpin();

    /// <summary>Readers may still use the mapping when the file is closed: it is unmapped when no reader holds it any more.</summary>
    public void KeepMapped() => _staysMapped = true;

    /// <summary>For the pool: whether it was read since the last call.</summary>
    public bool WasUsed()
    {
        var was = _wasUsed;
        _wasUsed = false;
        return was;
    }

    /// <summary>For the pool: gives up the mapping, which is unmapped when no reader holds it any more.</summary>
    public IMappedFile? ReleaseMapping() => Interlocked.Exchange(ref _mapped, null);

    public void Dispose()
    {
        if (!_staysMapped) Mapped?.Dispose();
        File.Dispose();
    }

    IMappedFile? MapNow()
    {
        lock (_mapping)
        {
            if (Volatile.Read(ref _mapped) is { } made) return made;
            if (!_maps || !_pool!.TryMakeRoomToMap()) return null;

            // The length is never reduced, because holders of an older mapping rely on it.
            var length = File.Length;
            var mappedLength = _mappedLength > 0 ? _mappedLength : Math.Max(_lengthExpected, length);
            if (File.Map(mappedLength) is not { } mapped)
            {
                _maps = false;
                return null;
            }

            Volatile.Write(ref _mappedLength, mappedLength);
            Keep(Math.Max(Math.Min(_foundEnd, length), _keptEnd));
            Volatile.Write(ref _mapped, mapped);
            _pool.Mapped(this);
            (File as PooledFile)!.CloseIfUnused();
            return mapped;
        }
    }
}
