using System.Text;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>A stored, immutable statement with a position.</summary>
[JsonConverter(typeof(LedgerJsonConverter))]
public sealed class Fact
{
    /// <summary>The position of a fact that is not durable yet.</summary>
    static readonly Position NotDurable = new(-1);

    readonly byte[] _bytes;
    readonly Position _position;
    readonly StreamVersion _streamVersion;
    readonly long _recordedAt;
    readonly int _headerLength;
    readonly int _saltAt;
    readonly int _metadataLength;
    readonly uint _ledgerTag;
    readonly FactValues? _values;

    /// <summary>Whether the header has fields that are rarely used.</summary>
    readonly bool _hasMore = true;
    string[]? _tags;
    object? _value;

    /// <summary>The same fact as it is stored, for one that was made before it was durable.</summary>
    Fact? _stored;

    /// <summary>Creates a fact from a header and a body that were read and checked. The bytes are copied.</summary>
    internal Fact(in HeaderView header, ReadOnlyMemory<byte> headerBytes, ReadOnlyMemory<byte> salt, ReadOnlyMemory<byte> metadata, ReadOnlyMemory<byte> payload, uint ledgerTag)
    {
        _bytes = [.. headerBytes.Span, .. salt.Span, .. metadata.Span, .. payload.Span];
        _headerLength = headerBytes.Length;
        _saltAt = headerBytes.Length;
        _metadataLength = metadata.Length;
        _ledgerTag = ledgerTag;
        _position = header.Position;
        Stream = header.Stream;
        _streamVersion = header.StreamVersion;
        Type = header.Type;
        _recordedAt = header.RecordedAt;
        Retracts = header.Retracts;
        IsJson = header.IsJson;
    }

    /// <summary>A fact that is appended but not yet durable: it has everything but its position, its time and its id. Whoever asks for these waits until it is durable.</summary>
    /// <param name="header">A header with any position and time.</param>
    /// <param name="streamVersion">Its version; null if that is not known yet, either.</param>
    /// <param name="headerBytes">The bytes of the header.</param>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="values">Gives it its value.</param>
    internal Fact(in HeaderView header, StreamVersion? streamVersion, ReadOnlySpan<byte> headerBytes, ReadOnlySpan<byte> metadata, ReadOnlySpan<byte> payload, FactValues? values)
    {
        _bytes = [.. headerBytes, .. stackalloc byte[FactHash.SaltBytes], .. metadata, .. payload];
        _headerLength = headerBytes.Length;
        _saltAt = headerBytes.Length;
        _metadataLength = metadata.Length;
        _values = values;
        _position = NotDurable;
        _streamVersion = streamVersion ?? new StreamVersion(NotDurable.Value);
        Stream = header.Stream;
        Type = header.Type;
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
        _values = marks.Values;
        _hasMore = marks.Header.HasMore;
        _position = marks.Header.Position;
        Stream = stream;
        _streamVersion = marks.Header.StreamVersion;
        Type = type;
        _recordedAt = marks.Header.RecordedAt;
        Retracts = marks.Header.Retracts;
        IsJson = marks.Header.IsJson;
    }

    /// <summary>Its position in the ledger.</summary>
    public Position Position => _position.Value >= 0 ? _position : Stored.Position;

    /// <summary>Its stream.</summary>
    public StreamName Stream { get; }

    /// <summary>Its version in that stream.</summary>
    public StreamVersion StreamVersion => _streamVersion.Value >= 0 ? _streamVersion : Stored.StreamVersion;

    /// <summary>Its id, a UUIDv7 that contains the position; for a fact from elsewhere, the id that it had there.</summary>
    public Guid Id => _position.Value < 0 ? Stored.Id : ForeignId ?? FactId.Create(RecordedAtMicroseconds, Position, _ledgerTag);

    /// <summary>The kind of fact; null for none.</summary>
    public string? Type { get; }

    /// <summary>Its tags, distinct, in the order of unsigned UTF-8 bytes.</summary>
    public IReadOnlyList<string> Tags => TagArray;

    internal string[] TagArray
    {
        get
        {
            if (_tags is { } tags) return tags;
            return _tags = _hasMore ? View().Tags : [];
        }
    }

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(RecordedAtMicroseconds);

    /// <summary>For a fact from elsewhere: when its source recorded it; otherwise null.</summary>
    public DateTimeOffset? OriginRecordedAt => _hasMore ? Time(View().OriginRecordedAt) : null;

    /// <summary>When it begins to hold in the world; null for <see cref="RecordedAt"/>.</summary>
    public DateTimeOffset? ValidFrom => _hasMore ? Time(View().ValidFrom) : null;

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => _hasMore ? Time(View().ValidTo) : null;

    /// <summary>The version of the payload's schema, from 1.</summary>
    public long SchemaVersion => _hasMore ? View().SchemaVersion : 1;

    /// <summary>The id of the fact that caused this one; null for none.</summary>
    public Guid? Causation => _hasMore ? View().Causation : null;

    /// <summary>The caller's name for the conversation that it belongs to; null for none.</summary>
    public string? Correlation => _hasMore ? View().Correlation : null;

    /// <summary>What produced it: a JSON object in RFC 8785 form; null for none.</summary>
    public string? Producer => _hasMore ? View().Producer : null;

    /// <summary>The rule that derived it, and the source facts; null for none.</summary>
    public Derivation? Derivation => _hasMore ? View().Derivation : null;

    /// <summary>Whether it records that its record has no value any more.</summary>
    public bool Retracts { get; }

    /// <summary>The content type of the payload; null for JSON.</summary>
    public string? ContentType => IsJson ? null : View().ContentType;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload => _bytes.AsMemory(_saltAt + FactHash.SaltBytes + _metadataLength);

    /// <summary>The payload as text, if it is JSON; null if there is no payload, or if it is not JSON.</summary>
    public string? Json => IsJson && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload.Span) : null;

    /// <summary>The payload as a value of the CLR type that <see cref="FactTypes"/> registers for <see cref="Type"/>, of the present schema version. Without a type: of the type of values of its <see cref="RecordStore{T}"/>, if the ledger was opened with it.</summary>
    /// <value>Null if neither its type nor its store is registered, if there is no JSON payload, or if a fact without a type retracts.</value>
    /// <remarks>It is read from the payload at the first access, and the same object afterwards: do not change it. Threads: any number; two at once may each read it.</remarks>
    /// <exception cref="FactValueException">The payload does not become a value of that type; the message names the fact.</exception>
    public object? Value => _value ??= _values?.Decode(this);

    /// <summary>Whether <see cref="Value"/> was read.</summary>
    internal bool IsValueRead => Volatile.Read(ref _value) is not null;

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => MetadataBytes.IsEmpty ? null : Encoding.UTF8.GetString(MetadataBytes.Span);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlyMemory<byte> Header => _position.Value >= 0 ? _bytes.AsMemory(0, _headerLength) : Stored.Header;

    /// <summary>The random salt. Without it, the payload could be guessed from its digest.</summary>
    public ReadOnlyMemory<byte> Salt => _position.Value >= 0 ? _bytes.AsMemory(_saltAt, FactHash.SaltBytes) : Stored.Salt;

    internal long RecordedAtMicroseconds => _position.Value >= 0 ? _recordedAt : Stored.RecordedAtMicroseconds;

    internal ReadOnlyMemory<byte> MetadataBytes => _bytes.AsMemory(_saltAt + FactHash.SaltBytes, _metadataLength);

    internal Guid? ForeignId => _hasMore ? View().ForeignId : null;

    /// <summary>SHA-256 over salt, metadata and payload, computed by each call.</summary>
    public byte[] PayloadDigest() => FactHash.PayloadDigest(Salt.Span, MetadataBytes.Span, Payload.Span);

    /// <summary>The fact's leaf in the hash tree, computed by each call; its index there is position − 1.</summary>
    public byte[] Leaf() => FactHash.Leaf(Header.Span, PayloadDigest());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString()
    {
        // A state that contains the text must not be kept, because the text is another one when the fact is durable.
        if (_position == NotDurable && Volatile.Read(ref _stored) is null) FactNotDurableException.Mark();
        return Description;
    }

    /// <summary>The text for messages, which are not part of a state.</summary>
    internal string Description => _position == NotDurable && Volatile.Read(ref _stored) is null ? $"{Stream}{(Type is null ? "" : $" {Type}")}, not durable yet" : $"@{Position} {Stream} v{StreamVersion}{(Type is null ? "" : $" {Type}")}";

    /// <summary>Gives a fact that was made before it was durable what it did not have.</summary>
    internal void BecomeDurable(Fact stored) => Volatile.Write(ref _stored, stored);

    bool IsJson { get; }

    Fact Stored => Volatile.Read(ref _stored) ?? throw FactNotDurableException.Create();

    /// <summary>Rarely used fields are read from the header each time.</summary>
    HeaderView View()
    {
        var isHeader = HeaderView.TryRead(_bytes.AsSpan(0, _headerLength), out var header);
        Invariant.Holds(isHeader);
        return header;
    }

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}
