using System.Text;

namespace Factstone;

/// <summary>A stored fact where it stands in the ledger's file, checked, without an object or a copy of its own.</summary>
/// <remarks>
/// Valid while the callback that gets it runs, and so are its spans: what is to outlive it is copied, or kept as
/// <see cref="ToFact"/>. Names are there as UTF-8, which costs nothing, and as strings, which may be made anew each time.
/// </remarks>
public readonly ref struct FactView
{
    readonly HeaderView _header;
    readonly ReadOnlySpan<byte> _bytes;
    readonly int _saltAt;
    readonly int _metadataLength;
    readonly uint _ledgerTag;
    readonly NameCache _names;

    /// <summary>A fact that was read and checked.</summary>
    /// <param name="header">Its header, taken apart.</param>
    /// <param name="bytes">Header; from somewhere behind it salt, metadata and payload.</param>
    /// <param name="saltAt">Where the salt begins.</param>
    /// <param name="metadataLength">Bytes of the metadata.</param>
    /// <param name="ledgerTag">Of the ledger.</param>
    /// <param name="names">The names of the facts before it.</param>
    internal FactView(scoped in HeaderView header, ReadOnlySpan<byte> bytes, int saltAt, int metadataLength, uint ledgerTag, NameCache names)
    {
        _header = header;
        _bytes = bytes;
        _saltAt = saltAt;
        _metadataLength = metadataLength;
        _ledgerTag = ledgerTag;
        _names = names;
    }

    /// <summary>Its place in the whole ledger.</summary>
    public Position Position => _header.Position;

    /// <summary>Its place in its stream.</summary>
    public StreamVersion StreamVersion => _header.StreamVersion;

    /// <summary>The stream it is part of.</summary>
    public StreamName Stream => _names.Stream(_header);

    /// <summary>The store of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> StoreUtf8 => _header.Store;

    /// <summary>The key of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> KeyUtf8 => _header.Key;

    /// <summary>Its id, a UUIDv7 that leads back to its position; or the id it came with, for a fact from elsewhere.</summary>
    public Guid Id => _header.ForeignId ?? FactId.Create(_header.RecordedAt, Position, _ledgerTag);

    /// <summary>What kind of fact it is; null for none.</summary>
    public string? Type => _names.Type(_header);

    /// <summary>What kind of fact it is, in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> TypeUtf8 => _header.TypeBytes;

    /// <summary>Its tags, distinct, in the order of unsigned UTF-8 bytes; made anew each time.</summary>
    public IReadOnlyList<string> Tags => TagArray;

    /// <summary>Its tags in UTF-8, for <c>foreach</c>.</summary>
    public FactTags TagsUtf8 => _header.TagBytes();

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(_header.RecordedAt);

    /// <summary>For a fact from elsewhere: when its source recorded it.</summary>
    public DateTimeOffset? OriginRecordedAt => Time(_header.OriginRecordedAt);

    /// <summary>When it begins to hold in the world; null for when it was recorded.</summary>
    public DateTimeOffset? ValidFrom => Time(_header.ValidFrom);

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => Time(_header.ValidTo);

    /// <summary>The version of the payload's shape.</summary>
    public long SchemaVersion => _header.SchemaVersion;

    /// <summary>The id of the fact that caused this one, where one did.</summary>
    public Guid? Causation => _header.Causation;

    /// <summary>The caller's name for the conversation it belongs to.</summary>
    public string? Correlation => _header.Correlation;

    /// <summary>What produced it: a JSON object in RFC 8785 form.</summary>
    public string? Producer => _header.Producer;

    /// <summary>Which rule made it, and from which facts.</summary>
    public Derivation? Derivation => _header.Derivation;

    /// <summary>Whether it says that its record has no value any more.</summary>
    public bool Retracts => _header.Retracts;

    /// <summary>What the payload is; null for JSON.</summary>
    public string? ContentType => _header.ContentType;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[(_saltAt + FactHash.SaltBytes + _metadataLength)..];

    /// <summary>The payload as text, if it is JSON; null where there is none, or where it is something else.</summary>
    public string? Json => _header.IsJson && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload) : null;

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => _metadataLength == 0 ? null : Encoding.UTF8.GetString(MetadataUtf8);

    /// <summary>The metadata in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> MetadataUtf8 => _bytes.Slice(_saltAt + FactHash.SaltBytes, _metadataLength);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlySpan<byte> Header => _header.Bytes;

    /// <summary>The random salt that keeps the payload from being guessed by its digest.</summary>
    public ReadOnlySpan<byte> Salt => _bytes.Slice(_saltAt, FactHash.SaltBytes);

    internal string[] TagArray => _header.Tags;

    /// <summary>The fact as an object of its own, which stays.</summary>
    public Fact ToFact() => new(_header, Stream, Type, _bytes.ToArray(), _header.Bytes.Length, _saltAt, _metadataLength, _ledgerTag);

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is { } type ? $" {type}" : "")}";

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}
