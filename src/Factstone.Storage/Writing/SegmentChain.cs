using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The segments of the log and the manifest that lists them. Starts the next one.</summary>
/// <remarks>
/// Always true: what is acknowledged is in segments that a durable manifest names, and all below where a segment says
/// that the one before it ends was durable by then.
/// </remarks>
internal sealed class SegmentChain(IFileSystem files, LedgerLayout layout, StorageOptions options, ManifestFile manifests, SegmentDirectory directory, FilePool pool)
{
    readonly List<string> _dropped = [];
    readonly List<Segment> _started = [];

    public required Manifest Manifest { get; set; }

    /// <summary>The last segment, open for writing.</summary>
    public required Segment Current { get; set; }

    /// <summary>Where the log goes on, by its tail in the current segment.</summary>
    /// <remarks>Of a segment that has no frame yet nobody says so: it is dropped if the first one cannot be written there. It goes on where the one before ends.</remarks>
    public LogLocation LocationAt(long tail)
    {
        var before = Manifest.Segments.Count - 2;
        if (tail > SegmentHeader.Bytes || before < 0) return Current.LocationOf(tail);
        var header = Manifest.Segments[before];
        return new LogLocation(header.BasePosition, header.Generation, Manifest.EndOf(before)!.Value);
    }

    /// <summary>Makes the next segment, durable and listed, and the current one. Space in it is there up to <see cref="PreallocatedEnd"/>.</summary>
    /// <param name="previousEnd">Where the live part of the current one ends; all below is durable.</param>
    /// <param name="basePosition">The position of its first fact.</param>
    /// <param name="baseTime">The last RecordedAt before it.</param>
    /// <param name="ready">A file without a name of its own yet, with space made ready, or null.</param>
    /// <param name="readyEnd">Where that space ends.</param>
    /// <param name="fill">Writes its first frames, so that they are durable before a manifest names the segment.</param>
    /// <exception cref="LedgerFullException">There is no room; the current segment is still the current one.</exception>
    public void StartNext(long previousEnd, Position basePosition, long baseTime, IStorageFile? ready, long readyEnd, Action<Segment>? fill = null)
    {
        var old = Current.Header;
        var isOldLive = previousEnd > SegmentHeader.Bytes;
        var header = new SegmentHeader
        {
            Format = LedgerLayout.Format,
            LedgerId = old.LedgerId,
            Epoch = Manifest.Epoch,
            Sequence = old.Sequence + 1,
            BasePosition = basePosition,
            Generation = NextGeneration(basePosition),
            Nonce = NewNonce(options),
            PreviousBase = isOldLive ? old.BasePosition : old.PreviousBase,
            PreviousGeneration = isOldLive ? old.LinkGeneration : old.PreviousGeneration,
            PreviousEnd = isOldLive ? previousEnd : old.PreviousEnd,
            BaseTime = baseTime,
            LastCommonPosition = old.LastCommonPosition,
        };

        var file = Create(files, layout, options, header, ready, fill);
        var manifest = Manifest.With(header);
        try
        {
            manifests.Replace(manifest);
        }
        catch
        {
            // The manifest on the disk may be the new one already, so the file stays; nobody writes to it.
            file.Dispose();
            throw;
        }

        Manifest = manifest;
        Current = new Segment(pool, pool.Pin(file), header, options);
        var next = Current;
        directory.Add(next);
        directory.Follow(manifest);
        _started.Add(next);
        PreallocatedEnd = Math.Max(readyEnd, next.File.Length);
        if (!isOldLive) _dropped.Add(layout.Segment(old.BasePosition, old.Generation));
    }

    /// <summary>Removes segments of which nothing is live any more. Only after the head is durably published elsewhere: readers follow it by name. What is not removed here is removed by the next open.</summary>
    public void RemoveDropped()
    {
        foreach (var path in _dropped) Remove(files, path);
        _dropped.Clear();
    }

    /// <summary>Closes the segments that were started here. Nobody reads from them any more.</summary>
    public void CloseFiles()
    {
        foreach (var segment in _started) segment.Dispose();
    }

    /// <summary>How far the current segment had space when it was made.</summary>
    public long PreallocatedEnd { get; private set; }

    /// <summary>The first segment of a new ledger.</summary>
    public static SegmentHeader FirstHeader(StorageOptions options)
    {
        Span<byte> id = stackalloc byte[16];
        options.Salts.Fill(id);
        return new SegmentHeader
        {
            Format = LedgerLayout.Format,
            LedgerId = new LedgerId(new Guid(id, bigEndian: true)),
            Epoch = 1,
            Sequence = 1,
            BasePosition = new Position(1),
            Generation = 1,
            Nonce = NewNonce(options),
            PreviousBase = Position.None,
            PreviousGeneration = 0,
            PreviousEnd = 0,
            BaseTime = 0,
        };
    }

    /// <summary>Writes a segment's header, and its first frames, to a file of its name, durable when it returns.</summary>
    public static IStorageFile Create(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentHeader header, IStorageFile? ready, Action<Segment>? fill)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (ready is null)
        {
            files.Delete(layout.Spare);
            ready = files.Open(layout.Spare, FileOpening.CreateNew);
        }

        try
        {
            Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
            header.Write(bytes);
            ready.Write(bytes, 0);
            fill?.Invoke(new Segment(ready, header, header.LedgerId.Tag));
            ready.SyncNew();

            // It gets its name only when its header is durable, and the name is durable before a manifest mentions it;
            // otherwise a power loss leaves a manifest that points at nothing.
            files.Rename(ready.Path, path);
            if (options.Defect != Defect.NoDirectorySync) files.SyncNewName(layout.Segments);
        }
        catch (FactstoneException)
        {
            Remove(files, ready.Path);
            Remove(files, path); // it has its name already where only that could not be made durable, and no manifest names it
            throw;
        }
        finally
        {
            ready.Dispose();
        }

        return files.Open(path, FileOpening.Existing);
    }

    /// <summary>Nothing refers to it, and it takes space.</summary>
    static void Remove(IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (FactstoneException)
        {
            // The next open removes it. Some file systems need room to delete, so a full disk is no other reason.
        }
    }

    int NextGeneration(Position basePosition)
    {
        var generation = 0;
        foreach (var segment in Manifest.Segments)
            if (segment.BasePosition == basePosition) generation = Math.Max(generation, segment.Generation);

        // Files that no manifest names are removed by an open; one may have come from a start that failed since.
        while (files.FileExists(layout.Segment(basePosition, generation + 1))) generation++;
        return generation + 1;
    }

    public static ulong NewNonce(StorageOptions options)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        options.Salts.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
