namespace Factstone;

/// <summary>An append whose id is known: a repeat, or another append under a used id. Compared with what is stored, byte for byte.</summary>
internal static class RepeatedAppend
{
    public static AppendOutcome Answer(PreparedAppend append, AppendSpan span, IFactStorage storage)
    {
        var facts = storage.Read(span.First, span.Last, backward: false).ToList();
        var receipt = Receipt(facts);
        return Difference(append, facts) is { } difference
            ? new AppendOutcome.AppendIdReused(append.AppendId!, receipt, difference)
            : new AppendOutcome.Duplicate(receipt);
    }

    /// <summary>The receipt of a committed append, as it was, from the facts that it wrote.</summary>
    public static AppendReceipt Receipt(IReadOnlyList<Fact> facts)
    {
        var versions = new List<StreamAndVersion>();
        var places = new Dictionary<StreamName, int>();
        foreach (var fact in facts)
        {
            if (places.TryGetValue(fact.Stream, out var place)) versions[place] = new StreamAndVersion(fact.Stream, fact.StreamVersion);
            else
            {
                places.Add(fact.Stream, versions.Count);
                versions.Add(new StreamAndVersion(fact.Stream, fact.StreamVersion));
            }
        }

        return new AppendReceipt { FirstPosition = facts[0].Position, LastPosition = facts[^1].Position, RecordedAt = facts[0].RecordedAt, Versions = versions };
    }

    static string? Difference(PreparedAppend append, List<Fact> facts)
    {
        if (append.Facts.Length != facts.Count) return $"it had {facts.Count} facts, and this one has {append.Facts.Length}";
        Span<byte> buffer = stackalloc byte[FactLimits.HeaderBytesMax];
        for (var i = 0; i < facts.Count; i++)
        {
            ref readonly var prepared = ref append.Facts[i];
            HeaderView.TryRead(facts[i].Header.Span, out var stored);
            var isSame = stored.SaysTheSameAs(View(append, prepared, buffer)) && facts[i].Payload.Span.SequenceEqual(append.Payload(prepared));
            if (!isSame) return $"fact {i + 1} of {facts.Count} differs in stream, type, tags, valid times, schema version, retraction, content type or payload";
        }

        return null;
    }

    /// <summary>The header as it would be read, with stand-ins for what only the writer knows.</summary>
    static HeaderView View(PreparedAppend append, in PreparedFact fact, Span<byte> buffer)
    {
        var header = new HeaderWriter(buffer);
        header.Start();
        header.Integer(HeaderField.Position, 1);
        header.Integer(HeaderField.StreamVersion, 1);
        header.Time(HeaderField.RecordedAt, 0);
        header.Raw(append.Header(fact));
        Invariant.Holds(HeaderView.TryRead(buffer[..header.Length], out var view));
        return view;
    }
}
