namespace Factstone.Storage;

/// <summary>Reads the manifest, replaces it atomically, and rebuilds it from the headers of the segments.</summary>
internal sealed class ManifestFile(IFileSystem files, LedgerLayout layout)
{
    /// <summary>Durable when it returns. A crash before that leaves the old manifest or the new one.</summary>
    /// <exception cref="LedgerFullException">There is no space. The manifest on the disk is the old one or the new one; the next call writes another.</exception>
    public void Replace(Manifest manifest)
    {
        files.Delete(layout.NewManifest);
        using (var file = files.Open(layout.NewManifest, FileOpening.CreateNew))
        {
            file.Write(ManifestFormat.Write(manifest), 0);
            file.SyncNew();
        }

        // The content is durable before the name, so that a crash leaves the old manifest or the new one, never half of it.
        files.Rename(layout.NewManifest, layout.Manifest);
        files.SyncNewName(layout.Root);
    }

    /// <summary>The manifest; null if it is missing or damaged.</summary>
    /// <exception cref="LedgerFormatException">A newer version wrote the ledger.</exception>
    public Manifest? Read()
    {
        if (!files.FileExists(layout.Manifest)) return null;
        using var file = files.Open(layout.Manifest, FileOpening.ReadOnly);
        if (file.Length > int.MaxValue) return null;
        var bytes = new byte[file.Length];
        var read = file.Read(bytes, 0);
        var manifest = ManifestFormat.Read(bytes.AsSpan(0, read), out var newerFormat);
        return newerFormat == 0 ? manifest : throw new LedgerFormatException(layout.Manifest, newerFormat, LedgerLayout.Format);
    }

    /// <summary>The headers of all segments in the directory; null for an unreadable header.</summary>
    public IReadOnlyList<(string Name, SegmentHeader? Header)> ReadHeaders()
    {
        var headers = new List<(string, SegmentHeader?)>();
        foreach (var name in files.List(layout.Segments).Where(LedgerLayout.IsSegment))
            headers.Add((name, ReadHeader($"{layout.Segments}/{name}")));
        return headers;
    }

    /// <summary>Segments with an unreadable header. Without a manifest their content is unknown: it may be what was written last.</summary>
    public IEnumerable<Damage> Unreadable(IReadOnlyList<(string Name, SegmentHeader? Header)> headers) =>
        headers.Where(one => one.Header is null)
            .Select(one => new Damage($"{layout.Segments}/{one.Name}", 0, Position.None, Position.None, "The header of the segment is damaged."));

    public SegmentHeader? ReadHeader(string path)
    {
        using var file = files.Open(path, FileOpening.ReadOnly);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = file.Read(bytes, 0);
        var header = SegmentHeader.Read(bytes[..read], out var newerFormat);
        return newerFormat == 0 ? header : throw new LedgerFormatException(path, newerFormat, LedgerLayout.Format);
    }

    /// <summary>Rebuilds the list from headers: from the segment that was written last back through the predecessors that the headers name.</summary>
    /// <returns>Null if no header is readable. A list that does not reach the first segment is returned as far as it goes.</returns>
    public static Manifest? Rebuild(IReadOnlyList<(string Name, SegmentHeader? Header)> headers)
    {
        var whole = headers.Where(one => one.Header is not null && one.Header.Name == one.Name).Select(one => one.Header!).ToList();
        if (whole.Count == 0) return null;

        // A repair writes the segment that begins its epoch last. Until then its other segments exist beside those that they will replace.
        var last = whole.Where(static header => header.LiveEnd == 0).MaxBy(Age) ?? whole.MaxBy(Age)!;
        return new Manifest { LedgerId = last.LedgerId, Epoch = last.Epoch, Generation = last.Sequence, Segments = Chain(last, whole, last.Epoch) };
    }

    /// <summary>Orders segments by the time at which they were started.</summary>
    /// <remarks>
    /// A start that fails leaves a file whose number the next start uses again. The log has then gone on: the later one begins at a higher position, or has a higher generation.
    /// </remarks>
    static (long Sequence, Position Base, int Generation) Age(SegmentHeader header) => (header.Sequence, header.BasePosition, header.Generation);

    /// <summary>The segments up to a given one, back through the predecessors that the headers name.</summary>
    public static List<SegmentHeader> Chain(SegmentHeader last, IReadOnlyList<SegmentHeader> headers, long epoch)
    {
        var byLocation = headers.Where(header => header.RepairEpoch <= epoch).ToLookup(header => (header.BasePosition, header.LinkGeneration));
        var chain = new List<SegmentHeader>();
        for (var header = last; header is not null; header = Before(header, byLocation)) chain.Add(header);
        chain.Reverse();
        return chain;
    }

    /// <summary>If repairs have replaced a segment, the newest replacement is used.</summary>
    static SegmentHeader? Before(SegmentHeader header, ILookup<(Position, int), SegmentHeader> byLocation) =>
        header.PreviousGeneration == 0
            ? null
            : byLocation[(header.PreviousBase, header.PreviousGeneration)]
                .Where(before => before.Sequence < header.Sequence && before.LedgerId == header.LedgerId)
                .MaxBy(before => before.Generation);
}
