namespace Factstone;

/// <summary>The facts of a queued append, for the deciders that decide on top of it.</summary>
internal static class ProvisionalFacts
{
    /// <summary>The facts in their order, all but the position, the time and the id.</summary>
    /// <param name="facts">Facts without values, as they are appended.</param>
    /// <param name="stream">The stream whose versions are known; null for none.</param>
    /// <param name="version">The version of that stream before the append.</param>
    /// <param name="values">Gives facts their values.</param>
    public static Fact[] Of(IReadOnlyList<NewFact> facts, StreamName? stream, StreamVersion version, FactValues? values)
    {
        var provisional = new Fact[facts.Count];
        for (var i = 0; i < provisional.Length; i++)
        {
            var isOfStream = facts[i].Stream == stream;
            if (isOfStream) version = version.Next();
            provisional[i] = Of(facts[i], isOfStream ? version : null, values);
        }

        return provisional;
    }

    static Fact Of(NewFact fact, StreamVersion? version, FactValues? values)
    {
        var tags = fact.Tags.Distinct(StringComparer.Ordinal).Order(Utf8Order.Instance).ToArray();
        var producer = fact.Producer is { } text && CanonicalJsonWriter.TryWrite(System.Text.Encoding.UTF8.GetBytes(text), out var canonical, out _) ? canonical : null;
        var bytes = new byte[AppendPreparation.HeaderBytesMax(fact, tags, producer)];
        var writer = new HeaderWriter(bytes);
        writer.Start();
        writer.Integer(HeaderField.Position, 1);
        writer.Integer(HeaderField.StreamVersion, 1);
        writer.Time(HeaderField.RecordedAt, 0);
        var length = writer.Length + AppendPreparation.EncodeHeader(bytes.AsSpan(writer.Length), fact, tags, producer);
        var isHeader = HeaderView.TryRead(bytes.AsSpan(0, length), out var header);
        Invariant.Holds(isHeader);
        return new Fact(header, version, bytes.AsSpan(0, length), fact.Metadata is null ? [] : System.Text.Encoding.UTF8.GetBytes(fact.Metadata), fact.Payload.Span, values);
    }
}
