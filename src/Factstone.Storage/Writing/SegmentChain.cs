using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The segments of the log, and the manifest that lists them. It starts the next segment.</summary>
/// <remarks>
/// Always true: acknowledged appends are in segments that a durable manifest lists. A segment records where the one
/// before it ends; everything below that end was durable when the segment was started.
/// </remarks>
internal sealed class SegmentChain(IFileSystem files, LedgerLayout layout, StorageOptions options, ManifestFile manifests, SegmentDirectory directory, FilePool pool)
{
    readonly List<string> _dropped = [];
    readonly List<Segment> _started = [];

    public required Manifest Manifest { get; set; }

    /// <summary>The last segment, open for writing.</summary>
    public required Segment Current { get; set; }

    /// <summary>Where the log continues, from its tail in the current segment.</summary>
    /// <remarks>No location is in a segment without a frame, because such a segment is dropped if its first frame cannot be written. The location is then the end of the segment before.</remarks>
    public LogLocation LocationAt(long tail)
    {
        var before = Manifest.Segments.Count - 2;
        if (tail > SegmentHeader.Bytes || before < 0) return Current.LocationOf(tail);
        var header = Manifest.Segments[before];
        return new LogLocation(header.BasePosition, header.Generation, Manifest.EndOf(before)!.Value);
    }

    /// <summary>Creates the next segment, makes it durable, lists it, and makes it the current one. It has preallocated space up to <see cref="PreallocatedEnd"/>.</summary>
    /// <param name="previousEnd">Where the live part of the current segment ends; everything below is durable.</param>
    /// <param name="basePosition">The position of its first fact.</param>
    /// <param name="baseTime">The last RecordedAt before it.</param>
    /// <param name="ready">A spare, with preallocated space, or null.</param>
    /// <param name="readyEnd">Where that space ends.</param>
    /// <param name="fill">Writes its first frames, so that they are durable before a manifest names the segment.</param>
    /// <exception cref="LedgerFullException">There is no space; the current segment does not change.</exception>
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
            // The manifest on disk may already be the new one, so the file is kept. No writer appends to it.
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

    /// <summary>Removes segments without a live frame. Call it only after the head is durably published elsewhere, because readers follow the head by file name. What it cannot remove, the next open removes.</summary>
    public void RemoveDropped()
    {
        foreach (var path in _dropped) Remove(files, path);
        _dropped.Clear();
    }

    /// <summary>Closes the segments that were started here. No reader may use them afterwards.</summary>
    public void CloseFiles()
    {
        foreach (var segment in _started) segment.Dispose();
    }

    /// <summary>Where the preallocated space of the current segment ended when it was created.</summary>
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

    /// <summary>Writes a segment's header and first frames to a file with the segment's name; durable when it returns.</summary>
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

            // The file gets its name only when its header is durable. The name must be durable before a manifest lists the
            // file; otherwise a power loss leaves a manifest that lists a missing file.
            files.Rename(ready.Path, path);
            files.SyncNewName(layout.Segments);
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

    /// <summary>Deletes a file that nothing refers to, to free its space.</summary>
    static void Remove(IFileSystem files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (FactstoneException)
        {
            // The next open removes the file. Some file systems need space to delete a file, so on a full disk a delete can fail, too.
        }
    }

    int NextGeneration(Position basePosition)
    {
        var generation = 0;
        foreach (var segment in Manifest.Segments)
            if (segment.BasePosition == basePosition) generation = Math.Max(generation, segment.Generation);

        // An open removes files that no manifest lists. Since the open, a failed start may have left such a file.
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
