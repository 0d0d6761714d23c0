namespace Factstone.Storage;

/// <summary>Reads single facts where the index says they are, and checks each before anybody sees it.</summary>
internal sealed class FactReader(FactIndex index, DamageLog damage, FileWindow window)
{
    /// <summary>A small fact is read whole by the first look.</summary>
    const int FirstLookBytes = 1_024;

    /// <exception cref="LedgerDamagedException">The fact is not what was written; writes are refused from now on.</exception>
    public Fact Read(Position position)
    {
        if (!index.TryFind(position, out var segment, out var fileOffset))
            throw new LedgerDamagedException($"The fact at position {position} cannot be read.", damage.At(position));

        var source = window.At(segment.File, fileOffset, FirstLookBytes);
        if (FactFormat.TryReadLengths(source, out var extent) && extent.Length > source.Length)
            source = window.At(segment.File, fileOffset, extent.Length);

        var status = FactFormat.TryRead(source, segment.Seed, out extent, out var header);
        if (status != FactStatus.Whole || header.Position != position) throw Damaged(position, segment, fileOffset, status);

        var bytes = source.Slice(extent.HeaderAt, extent.Length - extent.HeaderAt).ToArray();
        var at = -extent.HeaderAt;
        HeaderView.TryRead(bytes.AsSpan(0, extent.HeaderLength), out header);
        return new Fact(
            header,
            bytes.AsMemory(0, extent.HeaderLength),
            bytes.AsMemory(extent.BodyAt + at, FactHash.SaltBytes),
            bytes.AsMemory(extent.MetadataAt + at, extent.MetadataLength),
            bytes.AsMemory(extent.PayloadAt + at, extent.PayloadLength),
            segment.LedgerTag);
    }

    LedgerDamagedException Damaged(Position position, Segment segment, long fileOffset, FactStatus status)
    {
        window.Forget();
        var what = status == FactStatus.BodyDamaged ? "The payload or metadata of a fact is damaged." : "The header of a fact is damaged.";
        var found = new Damage(segment.Path, fileOffset, position, position, what);
        damage.Add(found);
        return new LedgerDamagedException($"The fact at position {position} cannot be read.", [found]);
    }
}
