namespace Factstone.Storage;

/// <summary>Reads single facts at their locations in the index, and checks each before it returns it.</summary>
internal sealed class FactReader(FileWindow window)
{
    /// <summary>The first read is large enough for a small fact.</summary>
    const int FirstReadBytes = 1_024;

    const int HeaderPrefetchedBytes = 128;

    readonly FactMarks _marks = new();
    DamageLog _damage = null!;
    FactValues? _values;

    // The last segment that was read, and its file as memory. It is held, because the pool may release a mapping at any time.
    Segment? _segment;
    IMappedFile? _mapped;

    public FactReader(DamageLog damage, FileWindow window, FactValues? values)
        : this(window) => Begin(damage, values);

    /// <summary>Begins to read facts of a ledger.</summary>
    public void Begin(DamageLog damage, FactValues? values) => (_damage, _values) = (damage, values);

    /// <summary>Holds nothing of the ledger any more.</summary>
    public void End() => (_damage, _values, _marks.Values, _segment, _mapped) = (null!, null, null, null, null);

    /// <summary>Names the stream that the next fact most likely has.</summary>
    public void Hint(StreamName stream) => _marks.Names.Hint(stream);

    /// <exception cref="LedgerDamagedException">The fact differs from what was written; appends are refused from now on.</exception>
    public Fact Read(in FactLocation location)
    {
        var fact = View(location).ToFact();
        GC.KeepAlive(this);
        return fact;
    }

    /// <summary>A fact in place, in the mapped file or in the window. Valid until the next read, as long as this reader is referenced and the ledger is open.</summary>
    /// <exception cref="LedgerDamagedException">The fact differs from what was written; appends are refused from now on.</exception>
    public FactView View(scoped in FactLocation location)
    {
        if (location.Segment is not { } segment) throw Missing(location.Position, "The fact");
        var status = TryView(segment, location.FileOffset, out var view);
        if (status != FactStatus.Whole || _marks.Header.Position != location.Position) throw Damaged(location, segment, status);
        return view;
    }

    /// <summary>The fact at a location, if a whole fact of this stream is there; otherwise null, which is not damage: another lookup may find its location.</summary>
    public Fact? TryRead(Segment segment, long fileOffset, StreamName stream)
    {
        var fact = TryView(segment, fileOffset, stream, out var view) ? view.ToFact() : null;
        GC.KeepAlive(this);
        return fact;
    }

    /// <summary>The same in place; valid as long as <see cref="View"/> says.</summary>
    public bool TryView(Segment segment, long fileOffset, StreamName stream, out FactView view)
    {
        segment.Prefetch(fileOffset); // all its cache lines at once
        if (TryView(segment, fileOffset, out view) == FactStatus.Whole && view.Stream == stream) return true;
        window.Forget();
        return false;
    }

    FactStatus TryView(Segment segment, long fileOffset, out FactView view)
    {
        view = default;
        var source = ReadBytes(segment, fileOffset, FirstReadBytes);
        if (!FactFormat.TryReadLengths(source, out var extent)) return FactStatus.HeaderDamaged;
        if (extent.Length > source.Length) source = ReadBytes(segment, fileOffset, extent.Length);

        var status = FactFormat.TryRead(source, extent, segment.Seed, _marks.Header);
        if (status != FactStatus.Whole) return status;
        _marks.SaltAt = extent.BodyAt - extent.HeaderAt;
        _marks.MetadataLength = extent.MetadataLength;
        _marks.LedgerTag = segment.LedgerTag;
        _marks.Values = _values;
        view = new FactView(source[extent.HeaderAt..extent.Length], _marks);
        return status;
    }

    /// <summary>Prefetches the bytes of a fact that is read soon.</summary>
    public static void Prefetch(in FactLocation location)
    {
        location.Segment?.Prefetch(location.FileOffset);
    }

    /// <summary>Prefetches the header of a fact.</summary>
    public static void PrefetchTime(in FactLocation location)
    {
        location.Segment?.Prefetch(location.FileOffset, HeaderPrefetchedBytes);
    }

    /// <summary>The recorded time of a fact, from its header alone.</summary>
    public long ReadTime(in FactLocation location)
    {
        if (location.Segment is not { } segment) throw Missing(location.Position, "The time of the fact");
        var source = ReadBytes(segment, location.FileOffset, FirstReadBytes);
        var isFact = FactFormat.TryReadLengths(source, out var extent);
        if (isFact && extent.BodyAt > source.Length) source = ReadBytes(segment, location.FileOffset, extent.BodyAt);
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

    ReadOnlySpan<byte> ReadBytes(Segment segment, long fileOffset, int bytes)
    {
        if (_segment != segment || _mapped is null) (_segment, _mapped) = (segment, segment.Map());
        return segment.Bytes(_mapped, window, fileOffset, bytes);
    }

    LedgerDamagedException Missing(Position position, string what) => new($"{what} at position {position} cannot be read.", _damage.At(position));

    LedgerDamagedException Damaged(in FactLocation location, Segment segment, FactStatus status)
    {
        window.Forget();
        var what = status == FactStatus.BodyDamaged ? "The payload or metadata of a fact is damaged." : "The header of a fact is damaged.";
        var found = new Damage(segment.Path, location.FileOffset, location.Position, location.Position, what);
        _damage.Add(found);
        return new LedgerDamagedException($"The fact at position {location.Position} cannot be read.", [found]);
    }
}
