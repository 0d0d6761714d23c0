using System.Text;

namespace Factstone;

/// <summary>A stored fact, checked and read in place from the ledger's file, without an object or a copy of its own.</summary>
/// <remarks>
/// The view and its spans are valid until the callback that gets it returns. To keep data longer, copy it or call
/// <see cref="ToFact"/>. Names are available as UTF-8 without any cost, and as strings, which may be allocated by each call.
/// </remarks>
public readonly ref struct FactView
{
    readonly ReadOnlySpan<byte> _bytes;
    readonly FactMarks _marks;

    /// <summary>A fact that was read and checked.</summary>
    /// <param name="bytes">The header; somewhere after it salt, metadata and payload.</param>
    /// <param name="marks">Where its parts are, as long as the view is valid.</param>
    internal FactView(ReadOnlySpan<byte> bytes, FactMarks marks)
    {
        _bytes = bytes;
        _marks = marks;
    }

    /// <summary>Its position in the ledger.</summary>
    public Position Position => _marks.Header.Position;

    /// <summary>Its version in its stream.</summary>
    public StreamVersion StreamVersion => _marks.Header.StreamVersion;

    /// <summary>Its stream.</summary>
    public StreamName Stream => _marks.Names.Stream(StoreUtf8, KeyUtf8);

    /// <summary>The store of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> StoreUtf8 => _marks.Header.Store(_bytes);

    /// <summary>The key of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> KeyUtf8 => _marks.Header.Key(_bytes);

    /// <summary>Its id, a UUIDv7 that contains the position; for a fact from elsewhere, the id that it had there.</summary>
    public Guid Id => ForeignId ?? FactId.Create(_marks.Header.RecordedAt, Position, _marks.LedgerTag);

    /// <summary>The kind of fact; null for none.</summary>
    public string? Type => _marks.Names.Type(TypeUtf8);

    /// <summary>The kind of fact, in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> TypeUtf8 => _marks.Header.Type(_bytes);

    /// <summary>Its tags, distinct, in the order of unsigned UTF-8 bytes; allocated by each call.</summary>
    public IReadOnlyList<string> Tags => TagArray;

    /// <summary>Its tags in UTF-8, for <c>foreach</c>.</summary>
    public FactTags TagsUtf8 => _marks.Header.HasMore ? View().TagBytes() : default;

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(_marks.Header.RecordedAt);

    /// <summary>For a fact from elsewhere: when its source recorded it; otherwise null.</summary>
    public DateTimeOffset? OriginRecordedAt => _marks.Header.HasMore ? Time(View().OriginRecordedAt) : null;

    /// <summary>When it begins to hold in the world; null for <see cref="RecordedAt"/>.</summary>
    public DateTimeOffset? ValidFrom => _marks.Header.HasMore ? Time(View().ValidFrom) : null;

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => _marks.Header.HasMore ? Time(View().ValidTo) : null;

    /// <summary>The version of the payload's schema, from 1.</summary>
    public long SchemaVersion => _marks.Header.HasMore ? View().SchemaVersion : 1;

    /// <summary>The id of the fact that caused this one; null for none.</summary>
    public Guid? Causation => _marks.Header.HasMore ? View().Causation : null;

    /// <summary>The caller's name for the conversation that it belongs to; null for none.</summary>
    public string? Correlation => _marks.Header.HasMore ? View().Correlation : null;

    /// <summary>What produced it: a JSON object in RFC 8785 form; null for none.</summary>
    public string? Producer => _marks.Header.HasMore ? View().Producer : null;

    /// <summary>The rule that derived it, and the source facts; null for none.</summary>
    public Derivation? Derivation => _marks.Header.HasMore ? View().Derivation : null;

    /// <summary>Whether it records that its record has no value any more.</summary>
    public bool Retracts => _marks.Header.Retracts;

    /// <summary>The content type of the payload; null for JSON.</summary>
    public string? ContentType => _marks.Header.HasMore ? View().ContentType : null;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[(_marks.SaltAt + FactHash.SaltBytes + _marks.MetadataLength)..];

    /// <summary>The payload as text, if it is JSON; null if there is no payload, or if it is not JSON.</summary>
    public string? Json => ContentType is null && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload) : null;

    /// <summary>The payload as a value, as <see cref="Fact.Value"/> is, but read anew by each call, without an object for the fact: the fastest way through many values.</summary>
    /// <value>Null if neither its type nor its store is registered, if there is no JSON payload, or if a fact without a type retracts. It stays valid.</value>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type; the message names the fact.</exception>
    public object? ReadValue() => _marks.Values?.Decode(this);

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => _marks.MetadataLength == 0 ? null : Encoding.UTF8.GetString(MetadataUtf8);

    /// <summary>The metadata in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> MetadataUtf8 => _bytes.Slice(_marks.SaltAt + FactHash.SaltBytes, _marks.MetadataLength);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlySpan<byte> Header => _bytes[.._marks.Header.Length];

    /// <summary>The random salt. Without it, the payload could be guessed from its digest.</summary>
    public ReadOnlySpan<byte> Salt => _bytes.Slice(_marks.SaltAt, FactHash.SaltBytes);

    internal bool HasType => !_marks.Header.Type(_bytes).IsEmpty;

    internal bool IsJson => _marks.Header.IsJson;

    internal string[] TagArray => _marks.Header.HasMore ? View().Tags : [];

    /// <summary>A copy of the fact as an object, which stays valid.</summary>
    public Fact ToFact() => new(_marks, Stream, Type, _bytes.ToArray());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is { } type ? $" {type}" : "")}";

    Guid? ForeignId => _marks.Header.HasMore ? View().ForeignId : null;

    /// <summary>Rarely used fields are read from the header each time.</summary>
    HeaderView View()
    {
        var isHeader = HeaderView.TryRead(Header, out var header);
        Invariant.Holds(isHeader);
        return header;
    }

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}

/// <summary>Where the parts of a fact are; reused for one fact after the other.</summary>
internal sealed class FactMarks
{
    public HeaderMarks Header { get; } = new();

    /// <summary>The names of earlier facts.</summary>
    public NameCache Names { get; } = new();

    /// <summary>Offset of the salt from the first byte of the header.</summary>
    public int SaltAt { get; set; }

    public int MetadataLength { get; set; }

    /// <summary>The tag of the ledger.</summary>
    public uint LedgerTag { get; set; }

    /// <summary>How the reader's facts become values; null if nothing is registered.</summary>
    public FactValues? Values { get; set; }
}
