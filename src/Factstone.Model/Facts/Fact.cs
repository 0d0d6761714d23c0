using System.Text;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>A stored, immutable statement with a position.</summary>
[JsonConverter(typeof(LedgerJsonConverter))]
public sealed class Fact
{
    readonly byte[] _bytes;
    readonly int _headerLength;
    readonly int _saltAt;
    readonly int _metadataLength;
    readonly uint _ledgerTag;
    readonly FactTypes? _types;
    string[]? _tags;
    object? _value;

    /// <summary>Creates a fact from a header and a body that were read and checked. The bytes are copied.</summary>
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

    /// <summary>A fact that was read and checked. It keeps the bytes, which must not change.</summary>
    /// <param name="marks">Where its parts are.</param>
    /// <param name="stream">The stream, as in the header.</param>
    /// <param name="type">The type, as in the header.</param>
    /// <param name="bytes">The header; somewhere after it salt, metadata and payload.</param>
    internal Fact(FactMarks marks, StreamName stream, string? type, byte[] bytes)
    {
        _bytes = bytes;
        _headerLength = marks.Header.Length;
        _saltAt = marks.SaltAt;
        _metadataLength = marks.MetadataLength;
        _ledgerTag = marks.LedgerTag;
        _types = marks.Types;
        Position = marks.Header.Position;
        Stream = stream;
        StreamVersion = marks.Header.StreamVersion;
        Type = type;
        RecordedAtMicroseconds = marks.Header.RecordedAt;
        Retracts = marks.Header.Retracts;
        IsJson = marks.Header.IsJson;
    }

    /// <summary>Its position in the ledger.</summary>
    public Position Position { get; }

    /// <summary>Its stream.</summary>
    public StreamName Stream { get; }

    /// <summary>Its version in that stream.</summary>
    public StreamVersion StreamVersion { get; }

    /// <summary>Its id, a UUIDv7 that contains the position; for a fact from elsewhere, the id that it had there.</summary>
    public Guid Id => ForeignId ?? FactId.Create(RecordedAtMicroseconds, Position, _ledgerTag);

    /// <summary>The kind of fact; null for none.</summary>
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

    /// <summary>For a fact from elsewhere: when its source recorded it; otherwise null.</summary>
    public DateTimeOffset? OriginRecordedAt => Time(View().OriginRecordedAt);

    /// <summary>When it begins to hold in the world; null for <see cref="RecordedAt"/>.</summary>
    public DateTimeOffset? ValidFrom => Time(View().ValidFrom);

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => Time(View().ValidTo);

    /// <summary>The version of the payload's schema, from 1.</summary>
    public long SchemaVersion => View().SchemaVersion;

    /// <summary>The id of the fact that caused this one; null for none.</summary>
    public Guid? Causation => View().Causation;

    /// <summary>The caller's name for the conversation that it belongs to; null for none.</summary>
    public string? Correlation => View().Correlation;

    /// <summary>What produced it: a JSON object in RFC 8785 form; null for none.</summary>
    public string? Producer => View().Producer;

    /// <summary>The rule that derived it, and the source facts; null for none.</summary>
    public Derivation? Derivation => View().Derivation;

    /// <summary>Whether it records that its record has no value any more.</summary>
    public bool Retracts { get; }

    /// <summary>The content type of the payload; null for JSON.</summary>
    public string? ContentType => IsJson ? null : View().ContentType;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload => _bytes.AsMemory(_saltAt + FactHash.SaltBytes + _metadataLength);

    /// <summary>The payload as text, if it is JSON; null if there is no payload, or if it is not JSON.</summary>
    public string? Json => IsJson && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload.Span) : null;

    /// <summary>The payload as a value of the CLR type that <see cref="FactTypes"/> registers for <see cref="Type"/>, of the present schema version.</summary>
    /// <value>Null if the ledger was opened without types, if this type is not registered, or if there is no JSON payload.</value>
    /// <remarks>It is read from the payload at the first access, and the same object afterwards: do not change it. Threads: any number; two at once may each read it.</remarks>
    /// <exception cref="FactValueException">The payload does not become a value of that type; the message names the fact.</exception>
    public object? Value => _value ??= _types?.Decode(this);

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => MetadataBytes.IsEmpty ? null : Encoding.UTF8.GetString(MetadataBytes.Span);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlyMemory<byte> Header => _bytes.AsMemory(0, _headerLength);

    /// <summary>The random salt. Without it, the payload could be guessed from its digest.</summary>
    public ReadOnlyMemory<byte> Salt => _bytes.AsMemory(_saltAt, FactHash.SaltBytes);

    internal long RecordedAtMicroseconds { get; }

    internal ReadOnlyMemory<byte> MetadataBytes => _bytes.AsMemory(_saltAt + FactHash.SaltBytes, _metadataLength);

    internal Guid? ForeignId => View().ForeignId;

    /// <summary>SHA-256 over salt, metadata and payload, computed by each call.</summary>
    public byte[] PayloadDigest() => FactHash.PayloadDigest(Salt.Span, MetadataBytes.Span, Payload.Span);

    /// <summary>The fact's leaf in the hash tree, computed by each call; its index there is position − 1.</summary>
    public byte[] Leaf() => FactHash.Leaf(Header.Span, PayloadDigest());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is null ? "" : $" {Type}")}";

    bool IsJson { get; }

    /// <summary>Rarely used fields are read from the header each time.</summary>
    HeaderView View()
    {
        var isHeader = HeaderView.TryRead(Header.Span, out var header);
        Invariant.Holds(isHeader);
        return header;
    }

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}
