using System.Buffers.Binary;

namespace Factstone.Testing;

/// <summary>A fact of a <see cref="ModelLedger"/>: what was proposed, and what the ledger adds.</summary>
public sealed record ModelFact
{
    /// <summary>Its position in the ledger.</summary>
    public required Position Position { get; init; }

    /// <summary>Its version in its stream.</summary>
    public required StreamVersion StreamVersion { get; init; }

    /// <summary>When it was committed, in microseconds since 1970.</summary>
    public required long RecordedAtMicroseconds { get; init; }

    /// <summary>The position of its cause, if that is a fact of the same append.</summary>
    public required Position? CausePosition { get; init; }

    /// <summary>The fact as it was given, with its tags in order.</summary>
    public required NewFact Proposed { get; init; }

    /// <summary>Its stream.</summary>
    public StreamName Stream => Proposed.Stream;

    /// <summary>The content type of the payload; null for JSON, also if that was given explicitly.</summary>
    internal string? ContentType => ContentTypeOf(Proposed);

    /// <summary>Null if a ledger's fact equals this one in every field; otherwise the field that differs.</summary>
    public string? Difference(Fact? actual)
    {
        if (actual is null) return $"no fact where @{Position} {Stream} v{StreamVersion} should be";
        return Differs("position", Position, actual.Position)
            ?? Differs("stream", Stream, actual.Stream)
            ?? Differs("version", StreamVersion, actual.StreamVersion)
            ?? Differs("recorded at", RecordedAtMicroseconds, ToMicroseconds(actual.RecordedAt))
            ?? Differs("type", Proposed.Type, actual.Type)
            ?? (Proposed.Tags.SequenceEqual(actual.Tags) ? null : $"tags: {string.Join(',', actual.Tags)}")
            ?? Differs("valid from", ToMicroseconds(Proposed.ValidFrom), ToMicroseconds(actual.ValidFrom))
            ?? Differs("valid to", ToMicroseconds(Proposed.ValidTo), ToMicroseconds(actual.ValidTo))
            ?? Differs("schema version", Proposed.SchemaVersion, actual.SchemaVersion)
            ?? Differs("causation", CausePosition is { } cause ? IdAt(cause, actual.Id) : Proposed.Causation, actual.Causation)
            ?? Differs("correlation", Proposed.Correlation, actual.Correlation)
            ?? (ModelJson.AreEqual(Proposed.Producer, actual.Producer) ? null : $"producer: {actual.Producer}")
            ?? Differs("rule", Proposed.Derivation?.Rule, actual.Derivation?.Rule)
            ?? Differs("rule's version", Proposed.Derivation?.Version, actual.Derivation?.Version)
            ?? ((Proposed.Derivation?.Sources ?? []).SequenceEqual(actual.Derivation?.Sources ?? []) ? null : "sources")
            ?? Differs("retracts", Proposed.Retracts, actual.Retracts)
            ?? Differs("content type", ContentType, actual.ContentType)
            ?? Differs("metadata", Proposed.Metadata, actual.Metadata)
            ?? (Proposed.Payload.Span.SequenceEqual(actual.Payload.Span) ? null : $"payload of {actual.Payload.Length} bytes, not the {Proposed.Payload.Length} that were given");
    }

    /// <summary>Null if the facts are these, in this order; otherwise the first difference.</summary>
    public static string? Difference(IReadOnlyList<ModelFact> expected, IReadOnlyList<Fact> actual)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(actual);
        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
            if (expected[i].Difference(actual[i]) is { } difference) return $"fact {i + 1} of {expected.Count}, @{expected[i].Position}: {difference}";
        return expected.Count == actual.Count ? null : $"{actual.Count} facts instead of {expected.Count}";
    }

    internal static string? ContentTypeOf(NewFact fact) => "application/json".Equals(fact.ContentType, StringComparison.OrdinalIgnoreCase) ? null : fact.ContentType;

    string? Differs<T>(string field, T expected, T actual) => EqualityComparer<T>.Default.Equals(expected, actual) ? null : $"{field} of @{Position}: {actual}, not {expected}";

    /// <summary>The id of a fact of the same append. It differs only in the 42 bits of the position, above the 20 of the ledger.</summary>
    static Guid? IdAt(Position position, Guid idOfSameAppend)
    {
        const int tagBits = 20;
        const ulong positionBits = ((1UL << 42) - 1) << tagBits;
        Span<byte> bytes = stackalloc byte[16];
        idOfSameAppend.TryWriteBytes(bytes, bigEndian: true, out _);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (low & ~positionBits) | ((ulong)position.Value << tagBits));
        return new Guid(bytes, bigEndian: true);
    }

    internal static long? ToMicroseconds(DateTimeOffset? time) => time is { } given ? ToMicroseconds(given) : null;

    static long ToMicroseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks is var ticks && ticks >= 0 ? ticks / 10 : -((-ticks + 9) / 10);
}

/// <summary>An append of a <see cref="ModelLedger"/> that committed.</summary>
/// <param name="AppendId">Its id; null for none.</param>
/// <param name="First">The position of its first fact.</param>
/// <param name="Last">The position of its last fact.</param>
/// <param name="RecordedAtMicroseconds">When it was recorded, in microseconds since 1970.</param>
public sealed record ModelAppend(string? AppendId, Position First, Position Last, long RecordedAtMicroseconds);
