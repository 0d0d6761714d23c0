using System.Text;

namespace Factstone;

/// <summary>A stored, immutable statement with a position.</summary>
public sealed class Fact
{
    readonly uint _ledgerTag;
    readonly ReadOnlyMemory<byte> _header;
    readonly ReadOnlyMemory<byte> _salt;
    string[]? _tags;

    /// <summary>Takes a fact apart that was read and checked. The bytes stay with the fact and are never changed.</summary>
    internal Fact(in HeaderView header, ReadOnlyMemory<byte> headerBytes, ReadOnlyMemory<byte> salt, ReadOnlyMemory<byte> metadata, ReadOnlyMemory<byte> payload, uint ledgerTag)
    {
        _ledgerTag = ledgerTag;
        _header = headerBytes;
        _salt = salt;
        MetadataBytes = metadata;
        Payload = payload;
        Position = header.Position;
        Stream = header.Stream;
        StreamVersion = header.StreamVersion;
        Type = header.Type;
        RecordedAtMicroseconds = header.RecordedAt;
        OriginRecordedAt = Time(header.OriginRecordedAt);
        ValidFrom = Time(header.ValidFrom);
        ValidTo = Time(header.ValidTo);
        SchemaVersion = header.SchemaVersion;
        Causation = header.Causation;
        ForeignId = header.ForeignId;
        Correlation = header.Correlation;
        Producer = header.Producer;
        Derivation = header.Derivation;
        Retracts = header.Retracts;
        ContentType = header.ContentType;
    }

    /// <summary>Its place in the whole ledger.</summary>
    public Position Position { get; }

    /// <summary>The stream it is part of.</summary>
    public StreamName Stream { get; }

    /// <summary>Its place in that stream.</summary>
    public StreamVersion StreamVersion { get; }

    /// <summary>Its id, a UUIDv7 that leads back to its position; or the id it came with, for a fact from elsewhere.</summary>
    public Guid Id => ForeignId ?? FactId.Create(RecordedAtMicroseconds, Position, _ledgerTag);

    /// <summary>What kind of fact it is; null for none.</summary>
    public string? Type { get; }

    /// <summary>Its tags, distinct, in the order of unsigned UTF-8 bytes.</summary>
    public IReadOnlyList<string> Tags => TagArray;

    internal string[] TagArray
    {
        get
        {
            if (_tags is { } tags) return tags;
            HeaderView.TryRead(_header.Span, out var header);
            return _tags = header.Tags;
        }
    }

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(RecordedAtMicroseconds);

    /// <summary>For a fact from elsewhere: when its source recorded it.</summary>
    public DateTimeOffset? OriginRecordedAt { get; }

    /// <summary>When it begins to hold in the world; null for when it was recorded.</summary>
    public DateTimeOffset? ValidFrom { get; }

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo { get; }

    /// <summary>The version of the payload's shape.</summary>
    public long SchemaVersion { get; }

    /// <summary>The id of the fact that caused this one, where one did.</summary>
    public Guid? Causation { get; }

    /// <summary>The caller's name for the conversation it belongs to.</summary>
    public string? Correlation { get; }

    /// <summary>What produced it: a JSON object in RFC 8785 form.</summary>
    public string? Producer { get; }

    /// <summary>Which rule made it, and from which facts.</summary>
    public Derivation? Derivation { get; }

    /// <summary>Whether it says that its record has no value any more.</summary>
    public bool Retracts { get; }

    /// <summary>What the payload is; null for JSON.</summary>
    public string? ContentType { get; }

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The payload as text, if it is JSON; null where there is none, or where it is something else.</summary>
    public string? Json => ContentType is null && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload.Span) : null;

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => MetadataBytes.IsEmpty ? null : Encoding.UTF8.GetString(MetadataBytes.Span);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlyMemory<byte> Header => _header;

    /// <summary>The random salt that keeps the payload from being guessed by its digest.</summary>
    public ReadOnlyMemory<byte> Salt => _salt;

    internal long RecordedAtMicroseconds { get; }

    internal ReadOnlyMemory<byte> MetadataBytes { get; }

    internal Guid? ForeignId { get; }

    /// <summary>SHA-256 over salt, metadata and payload, computed now.</summary>
    public byte[] PayloadDigest() => FactHash.PayloadDigest(_salt.Span, MetadataBytes.Span, Payload.Span);

    /// <summary>The fact's leaf in the hash tree, computed now; its index there is position − 1.</summary>
    public byte[] Leaf() => FactHash.Leaf(_header.Span, PayloadDigest());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is null ? "" : $" {Type}")}";

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}
