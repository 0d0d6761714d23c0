namespace Factstone;

/// <summary>Field numbers of a fact's header. They never change: see docs/format.md, "Fact header".</summary>
internal enum HeaderField
{
    // Fields that only the writer knows come first, so that a caller can encode the rest beforehand.
    Position = 1,
    StreamVersion = 2,
    RecordedAt = 3,
    Causation = 4,
    Derivation = 5,

    ForeignId = 6,
    OriginRecordedAt = 7,
    Store = 8,
    Key = 9,
    Type = 10,
    Tags = 11,
    ValidFrom = 12,
    ValidTo = 13,
    SchemaVersion = 14,
    Correlation = 15,
    Producer = 16,
    Retracts = 17,
    ContentType = 18,
}

/// <summary>The encoding of a field's value: two bits of the field's tag, so that a reader can skip an unknown field.</summary>
internal enum HeaderValue
{
    /// <summary>LEB128, minimal; times zig-zag.</summary>
    Integer = 0,

    /// <summary>16 bytes, RFC 9562 order.</summary>
    Id = 1,

    /// <summary>LEB128 length, then that many bytes.</summary>
    Bytes = 2,

    /// <summary>No bytes; the presence of the field is the value.</summary>
    Present = 3,
}
