using System.Text;

namespace Factstone;

/// <summary>A stored, immutable statement with a position.</summary>
public sealed class Fact
{
    readonly byte[] _bytes;
    readonly int _headerLength;
    readonly int _saltAt;
    readonly int _metadataLength;
    readonly uint _ledgerTag;
    string[]? _tags;

    /// <summary>Takes a fact apart that was read and checked. The bytes are copied.</summary>
    internal Fact(in HeaderView header, ReadOnlyMemory<byte> headerBytes, ReadOnlyMemory<byte> salt, ReadOnlyMemory<byte> metadata, ReadOnlyMemory<byte> payload, uint ledgerTag)
    {
        _bytes = [.. headerBytes.Span, .. salt.Span, .. metadata.Span, .. payload.Span];
        _headerLength = headerBytes.Length;
        _saltAt = headerBytes.Length;
        _metadataLength = metadata.Length;
        _ledgerTag = ledgerTag;
        Position = header.Position;
        Stream = header.Stream;
        StreamVersion = header.StreamVersion;
        Type = header.Type;
        RecordedAtMicroseconds = header.RecordedAt;
        Retracts = header.Retracts;
        IsJson = header.IsJson;
    }

    /// <summary>A fact that was read and checked. The bytes stay with it and are never changed.</summary>
    /// <param name="marks">Where its parts stand.</param>
    /// <param name="stream">What the header says of its stream.</param>
    /// <param name="type">What the header says of its type.</param>
    /// <param name="bytes">Header; from somewhere behind it salt, metadata and payload.</param>
    internal Fact(FactMarks marks, StreamName stream, string? type, byte[] bytes)
    {
        _bytes = bytes;
        _headerLength = marks.Header.Length;
        _saltAt = marks.SaltAt;
        _metadataLength = marks.MetadataLength;
        _ledgerTag = marks.LedgerTag;
        Position = marks.Header.Position;
        Stream = stream;
        StreamVersion = marks.Header.StreamVersion;
        Type = type;
        RecordedAtMicroseconds = marks.Header.RecordedAt;
        Retracts = marks.Header.Retracts;
        IsJson = marks.Header.IsJson;
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
            return _tags = View().Tags;
        }
    }

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(RecordedAtMicroseconds);

    /// <summary>For a fact from elsewhere: when its source recorded it.</summary>
    public DateTimeOffset? OriginRecordedAt => Time(View().OriginRecordedAt);

    /// <summary>When it begins to hold in the world; null for when it was recorded.</summary>
    public DateTimeOffset? ValidFrom => Time(View().ValidFrom);

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => Time(View().ValidTo);

    /// <summary>The version of the payload's shape.</summary>
    public long SchemaVersion => View().SchemaVersion;

    /// <summary>The id of the fact that caused this one, where one did.</summary>
    public Guid? Causation => View().Causation;

    /// <summary>The caller's name for the conversation it belongs to.</summary>
    public string? Correlation => View().Correlation;

    /// <summary>What produced it: a JSON object in RFC 8785 form.</summary>
    public string? Producer => View().Producer;

    /// <summary>Which rule made it, and from which facts.</summary>
    public Derivation? Derivation => View().Derivation;

    /// <summary>Whether it says that its record has no value any more.</summary>
    public bool Retracts { get; }

    /// <summary>What the payload is; null for JSON.</summary>
    public string? ContentType => IsJson ? null : View().ContentType;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload => _bytes.AsMemory(_saltAt + FactHash.SaltBytes + _metadataLength);

    /// <summary>The payload as text, if it is JSON; null where there is none, or where it is something else.</summary>
    public string? Json => IsJson && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload.Span) : null;

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => MetadataBytes.IsEmpty ? null : Encoding.UTF8.GetString(MetadataBytes.Span);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlyMemory<byte> Header => _bytes.AsMemory(0, _headerLength);

    /// <summary>The random salt that keeps the payload from being guessed by its digest.</summary>
    public ReadOnlyMemory<byte> Salt => _bytes.AsMemory(_saltAt, FactHash.SaltBytes);

    internal long RecordedAtMicroseconds { get; }

    internal ReadOnlyMemory<byte> MetadataBytes => _bytes.AsMemory(_saltAt + FactHash.SaltBytes, _metadataLength);

    internal Guid? ForeignId => View().ForeignId;

    /// <summary>SHA-256 over salt, metadata and payload, computed now.</summary>
    public byte[] PayloadDigest() => FactHash.PayloadDigest(Salt.Span, MetadataBytes.Span, Payload.Span);

    /// <summary>The fact's leaf in the hash tree, computed now; its index there is position − 1.</summary>
    public byte[] Leaf() => FactHash.Leaf(Header.Span, PayloadDigest());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is null ? "" : $" {Type}")}";

    bool IsJson { get; }

    /// <summary>What few ask for is taken from the header each time.</summary>
    HeaderView View()
    {
        var isHeader = HeaderView.TryRead(Header.Span, out var header);
        Invariant.Holds(isHeader);
        return header;
    }

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}
