namespace Factstone.Storage;

/// <summary>Goes on behind damage: finds every whole fact that is left in a stretch of a segment, and names what is gone.</summary>
internal sealed class DamageWalk(FrameReader reader, IFrameVisitor visitor, List<Damage> damage)
{
    Position _next;

    /// <summary>Walks from the first damaged place to the end of the stretch.</summary>
    /// <param name="from">Behind the last whole frame.</param>
    /// <param name="end">Where the stretch ends.</param>
    /// <param name="next">The position that should come at <paramref name="from"/>.</param>
    /// <param name="until">Positions from here on are not looked for: they belong to the next segment, or were never durable.</param>
    public void Run(long from, long end, Position next, Position until)
    {
        _next = next;
        var at = from;
        while (at < end && reader.TryFindHeader(at, end, out var header) && header.BasePosition < until.Next())
        {
            // A header that is whole but says something impossible is passed over like any damage.
            if (header.BasePosition < _next)
            {
                at = header.FileOffset + FrameFormat.Alignment;
                continue;
            }

            if (header.FileOffset > at || header.BasePosition > _next) Salvage(at, header.FileOffset, header.BasePosition, "No whole frame is where one should be.");
            Frame(header, end, until);
            at = Math.Min(header.End, end);
        }

        if (_next < until || at < end) Salvage(at, end, until, "No whole frame is where one should be.");
    }

    void Frame(in FrameHeader header, long end, Position until)
    {
        var isWhole = header.End <= end && reader.IsWhole(header);
        var before = damage.Count;
        visitor.Frame(reader.Segment, header, FrameFormat.AppendId(reader.Bytes(header), header));

        var at = (long)header.HeaderBytes;
        var last = new Position(Math.Min(header.BasePosition.Value + header.FactCount, until.Value));
        while (_next < last)
        {
            var source = reader.Bytes(header);
            var status = FactFormat.TryRead(at < source.Length ? source[(int)at..] : [], reader.Segment.Seed, out var extent, out var fact);
            if (status == FactStatus.HeaderDamaged || fact.Position != _next)
            {
                Salvage(header.FileOffset + at, Math.Min(header.End, end), last, "The header of a fact is damaged.");
                break;
            }

            Take(header.FileOffset + at, fact, status);
            at += extent.Length;
        }

        // Every fact of it may be well and yet its end be damaged; that is damage too, if it costs no fact.
        if (!isWhole && damage.Count == before) damage.Add(new Damage(reader.Segment.Path, header.FileOffset, Position.None, Position.None, "The end of a frame is damaged; its facts are not."));
    }

    /// <summary>Looks for whole facts byte by byte, since what says where they begin is damaged. Only facts with a position that belongs here count.</summary>
    void Salvage(long from, long end, Position until, string what)
    {
        var start = from;
        var before = damage.Count;
        for (var at = from; at < end && _next < until;)
        {
            if (!TryReadFact(at, start, end, until, out var length))
            {
                at++;
                continue;
            }

            at += length;
            start = at;
        }

        if (_next < until) Missing(start, until, what);

        // What is damaged may be nobody's fact: the header of a frame, which alone knows the append id, or a mark.
        if (damage.Count == before) damage.Add(new Damage(reader.Segment.Path, from, Position.None, Position.None, $"{what} No fact is lost by it."));
    }

    bool TryReadFact(long at, long damagedFrom, long end, Position until, out int length)
    {
        length = 0;
        var source = reader.BytesAt(at, FactFormat.PrefixBytesMax, end);
        if (!FactFormat.TryReadLengths(source, out var extent) || at + extent.BodyAt > end) return false;

        // The header first: what only looks like the lengths of a large fact must not cost a read of that size.
        source = reader.BytesAt(at, extent.BodyAt, end);
        if (FactFormat.TryRead(source, reader.Segment.Seed, out extent, out _) == FactStatus.HeaderDamaged) return false;

        source = reader.BytesAt(at, extent.Length, end);
        var status = FactFormat.TryRead(source, reader.Segment.Seed, out extent, out var fact);
        if (status == FactStatus.HeaderDamaged || fact.Position < _next || fact.Position >= until) return false;

        if (fact.Position > _next) Missing(damagedFrom, fact.Position, "The header of a fact, or of its frame, is damaged.");
        Take(at, fact, status);
        length = status == FactStatus.Whole ? extent.Length : extent.BodyAt;
        return true;
    }

    void Take(long fileOffset, in HeaderView fact, FactStatus status)
    {
        if (status == FactStatus.BodyDamaged) damage.Add(new Damage(reader.Segment.Path, fileOffset, fact.Position, fact.Position, $"The payload or metadata of {fact.Stream} v{fact.StreamVersion} is damaged."));
        visitor.Fact(reader.Segment, fileOffset, fact);
        _next = fact.Position.Next();
    }

    void Missing(long fileOffset, Position until, string what)
    {
        damage.Add(new Damage(reader.Segment.Path, fileOffset, _next, new Position(until.Value - 1), what));
        _next = until;
    }
}
