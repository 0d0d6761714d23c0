namespace Factstone.Storage;

/// <summary>Reads single facts where the index says they are, and checks each before anybody sees it.</summary>
internal sealed class FactReader(FactIndex index, DamageLog damage, FileWindow window)
{
    /// <summary>A small fact is read whole by the first look.</summary>
    const int FirstLookBytes = 1_024;

    readonly NameCache _names = new();

    /// <exception cref="LedgerDamagedException">The fact is not what was written; writes are refused from now on.</exception>
    public Fact Read(Position position)
    {
        if (!index.TryFind(position, out var segment, out var fileOffset))
            throw new LedgerDamagedException($"The fact at position {position} cannot be read.", damage.At(position));

        var source = Look(segment, fileOffset, FirstLookBytes);
        if (FactFormat.TryReadLengths(source, out var extent) && extent.Length > source.Length)
            source = Look(segment, fileOffset, extent.Length);

        var status = FactFormat.TryRead(source, segment.Seed, out extent, out var header);
        if (status != FactStatus.Whole || header.Position != position) throw Damaged(position, segment, fileOffset, status);

        var bytes = source.Slice(extent.HeaderAt, extent.Length - extent.HeaderAt).ToArray();
        var fact = new Fact(header, _names.Stream(header), _names.Type(header), bytes, extent.HeaderLength, extent.BodyAt - extent.HeaderAt, extent.MetadataLength, segment.LedgerTag);
        GC.KeepAlive(segment);
        return fact;
    }

    /// <summary>Tells the processor which bytes will be read soon, so that they are on their way by then.</summary>
    public void Expect(Position position)
    {
        if (index.TryFind(position, out var segment, out var fileOffset) && segment.Mapped is not null) segment.Expect(fileOffset);
    }

    /// <summary>When the fact at a position was recorded, from its header alone.</summary>
    public long ReadTime(Position position)
    {
        if (!index.TryFind(position, out var segment, out var fileOffset))
            throw new LedgerDamagedException($"The time of the fact at position {position} cannot be read.", damage.At(position));

        var source = Look(segment, fileOffset, FirstLookBytes);
        if (FactFormat.TryReadLengths(source, out var extent) && extent.BodyAt > source.Length) source = Look(segment, fileOffset, extent.BodyAt);
        var status = FactFormat.TryRead(source, segment.Seed, out _, out var header);
        if (status == FactStatus.HeaderDamaged || header.Position != position) throw Damaged(position, segment, fileOffset, FactStatus.HeaderDamaged);
        var time = header.RecordedAt;
        GC.KeepAlive(segment);
        return time;
    }

    ReadOnlySpan<byte> Look(Segment segment, long fileOffset, int bytes) =>
        segment.Mapped is null ? window.At(segment.File, fileOffset, bytes) : segment.MappedBytes(fileOffset, bytes);

    LedgerDamagedException Damaged(Position position, Segment segment, long fileOffset, FactStatus status)
    {
        window.Forget();
        var what = status == FactStatus.BodyDamaged ? "The payload or metadata of a fact is damaged." : "The header of a fact is damaged.";
        var found = new Damage(segment.Path, fileOffset, position, position, what);
        damage.Add(found);
        return new LedgerDamagedException($"The fact at position {position} cannot be read.", [found]);
    }
}
