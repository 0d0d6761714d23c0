namespace Factstone.Storage;

/// <summary>Reads single facts where the index says they are, and checks each before anybody sees it.</summary>
internal sealed class FactReader(DamageLog damage, FileWindow window, FactMarks? marks = null)
{
    /// <summary>A small fact is read whole by the first look.</summary>
    const int FirstLookBytes = 1_024;

    const int HeaderPrefetchedBytes = 128;

    readonly FactMarks _marks = marks ?? new FactMarks();

    // What was looked at last, and its file as memory: held, since the pool may let go of a mapping at any time.
    Segment? _segment;
    IMappedFile? _mapped;

    /// <exception cref="LedgerDamagedException">The fact is not what was written; writes are refused from now on.</exception>
    public Fact Read(in FactLocation location)
    {
        var fact = View(location).ToFact();
        GC.KeepAlive(this);
        return fact;
    }

    /// <summary>A fact where it stands: in the mapped file or in the window. Valid until the next look, as long as this reader is referenced and the ledger is open.</summary>
    /// <exception cref="LedgerDamagedException">The fact is not what was written; writes are refused from now on.</exception>
    public FactView View(in FactLocation location)
    {
        if (location.Segment is not { } segment) throw Missing(location.Position, "The fact");
        var status = TryView(segment, location.FileOffset, out var view);
        if (status != FactStatus.Whole || _marks.Header.Position != location.Position) throw Damaged(location, segment, status);
        return view;
    }

    /// <summary>The fact at a place, if there is a whole one of this stream; null if not, and that is no damage: somebody else may know better where it is.</summary>
    public Fact? TryRead(Segment segment, long fileOffset, StreamName stream)
    {
        segment.Prefetch(fileOffset); // all its lines at once
        if (TryView(segment, fileOffset, out var view) == FactStatus.Whole && view.Stream == stream)
        {
            var fact = view.ToFact();
            GC.KeepAlive(this);
            return fact;
        }

        window.Forget();
        return null;
    }

    FactStatus TryView(Segment segment, long fileOffset, out FactView view)
    {
        view = default;
        var source = Look(segment, fileOffset, FirstLookBytes);
        if (!FactFormat.TryReadLengths(source, out var extent)) return FactStatus.HeaderDamaged;
        if (extent.Length > source.Length) source = Look(segment, fileOffset, extent.Length);

        var status = FactFormat.TryRead(source, extent, segment.Seed, _marks.Header);
        if (status != FactStatus.Whole) return status;
        _marks.SaltAt = extent.BodyAt - extent.HeaderAt;
        _marks.MetadataLength = extent.MetadataLength;
        _marks.LedgerTag = segment.LedgerTag;
        view = new FactView(source[extent.HeaderAt..extent.Length], _marks);
        return status;
    }

    /// <summary>Tells the processor which bytes will be read soon, so that they are on their way by then.</summary>
    public static void Prefetch(in FactLocation location)
    {
        location.Segment?.Prefetch(location.FileOffset);
    }

    /// <summary>The same of its header.</summary>
    public static void PrefetchTime(in FactLocation location)
    {
        if (location.Segment is { Mapped: { } mapped }) mapped.Prefetch(location.FileOffset, HeaderPrefetchedBytes);
    }

    /// <summary>When the fact was recorded, from its header alone.</summary>
    public long ReadTime(in FactLocation location)
    {
        if (location.Segment is not { } segment) throw Missing(location.Position, "The time of the fact");
        var source = Look(segment, location.FileOffset, FirstLookBytes);
        var isFact = FactFormat.TryReadLengths(source, out var extent);
        if (isFact && extent.BodyAt > source.Length) source = Look(segment, location.FileOffset, extent.BodyAt);
        if (!isFact || !FactFormat.TryReadHeader(source, extent, segment.Seed, _marks.Header) || _marks.Header.Position != location.Position)
            throw Damaged(location, segment, FactStatus.HeaderDamaged);
        var time = _marks.Header.RecordedAt;
        GC.KeepAlive(this);
        return time;
    }

    /// <summary>Whether the segment is held as memory, or can be without opening its file.</summary>
    public bool Holds(Segment segment)
    {
        if (_segment != segment || _mapped is null) (_segment, _mapped) = (segment, segment.Mapped);
        return _mapped is not null;
    }

    ReadOnlySpan<byte> Look(Segment segment, long fileOffset, int bytes)
    {
        if (_segment != segment || _mapped is null) (_segment, _mapped) = (segment, segment.Map());
        return _mapped is { } mapped && segment.Maps(fileOffset, bytes) ? segment.MappedBytes(mapped, fileOffset, bytes) : window.At(segment.File, fileOffset, bytes);
    }

    LedgerDamagedException Missing(Position position, string what) => new($"{what} at position {position} cannot be read.", damage.At(position));

    LedgerDamagedException Damaged(in FactLocation location, Segment segment, FactStatus status)
    {
        window.Forget();
        var what = status == FactStatus.BodyDamaged ? "The payload or metadata of a fact is damaged." : "The header of a fact is damaged.";
        var found = new Damage(segment.Path, location.FileOffset, location.Position, location.Position, what);
        damage.Add(found);
        return new LedgerDamagedException($"The fact at position {location.Position} cannot be read.", [found]);
    }
}
