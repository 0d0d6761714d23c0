using System.Text;

namespace Factstone;

/// <summary>A stored fact where it stands in the ledger's file, checked, without an object or a copy of its own.</summary>
/// <remarks>
/// Valid while the callback that gets it runs, and so are its spans: what is to outlive it is copied, or kept as
/// <see cref="ToFact"/>. Names are there as UTF-8, which costs nothing, and as strings, which may be made anew each time.
/// </remarks>
public readonly ref struct FactView
{
    readonly ReadOnlySpan<byte> _bytes;
    readonly FactMarks _marks;

    /// <summary>A fact that was read and checked.</summary>
    /// <param name="bytes">Header; from somewhere behind it salt, metadata and payload.</param>
    /// <param name="marks">Where its parts stand, as long as the view is valid.</param>
    internal FactView(ReadOnlySpan<byte> bytes, FactMarks marks)
    {
        _bytes = bytes;
        _marks = marks;
    }

    /// <summary>Its place in the whole ledger.</summary>
    public Position Position => _marks.Header.Position;

    /// <summary>Its place in its stream.</summary>
    public StreamVersion StreamVersion => _marks.Header.StreamVersion;

    /// <summary>The stream it is part of.</summary>
    public StreamName Stream => _marks.Names.Stream(StoreUtf8, KeyUtf8);

    /// <summary>The store of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> StoreUtf8 => _marks.Header.Store(_bytes);

    /// <summary>The key of its stream, in UTF-8.</summary>
    public ReadOnlySpan<byte> KeyUtf8 => _marks.Header.Key(_bytes);

    /// <summary>Its id, a UUIDv7 that leads back to its position; or the id it came with, for a fact from elsewhere.</summary>
    public Guid Id => ForeignId ?? FactId.Create(_marks.Header.RecordedAt, Position, _marks.LedgerTag);

    /// <summary>What kind of fact it is; null for none.</summary>
    public string? Type => _marks.Names.Type(TypeUtf8);

    /// <summary>What kind of fact it is, in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> TypeUtf8 => _marks.Header.Type(_bytes);

    /// <summary>Its tags, distinct, in the order of unsigned UTF-8 bytes; made anew each time.</summary>
    public IReadOnlyList<string> Tags => TagArray;

    /// <summary>Its tags in UTF-8, for <c>foreach</c>.</summary>
    public FactTags TagsUtf8 => _marks.Header.HasMore ? View().TagBytes() : default;

    /// <summary>When the ledger committed it: whole microseconds, strictly later for each append.</summary>
    public DateTimeOffset RecordedAt => Microseconds.ToTime(_marks.Header.RecordedAt);

    /// <summary>For a fact from elsewhere: when its source recorded it.</summary>
    public DateTimeOffset? OriginRecordedAt => _marks.Header.HasMore ? Time(View().OriginRecordedAt) : null;

    /// <summary>When it begins to hold in the world; null for when it was recorded.</summary>
    public DateTimeOffset? ValidFrom => _marks.Header.HasMore ? Time(View().ValidFrom) : null;

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo => _marks.Header.HasMore ? Time(View().ValidTo) : null;

    /// <summary>The version of the payload's shape.</summary>
    public long SchemaVersion => _marks.Header.HasMore ? View().SchemaVersion : 1;

    /// <summary>The id of the fact that caused this one, where one did.</summary>
    public Guid? Causation => _marks.Header.HasMore ? View().Causation : null;

    /// <summary>The caller's name for the conversation it belongs to.</summary>
    public string? Correlation => _marks.Header.HasMore ? View().Correlation : null;

    /// <summary>What produced it: a JSON object in RFC 8785 form.</summary>
    public string? Producer => _marks.Header.HasMore ? View().Producer : null;

    /// <summary>Which rule made it, and from which facts.</summary>
    public Derivation? Derivation => _marks.Header.HasMore ? View().Derivation : null;

    /// <summary>Whether it says that its record has no value any more.</summary>
    public bool Retracts => _marks.Header.Retracts;

    /// <summary>What the payload is; null for JSON.</summary>
    public string? ContentType => _marks.Header.HasMore ? View().ContentType : null;

    /// <summary>The payload, exactly as it was given; empty for none.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[(_marks.SaltAt + FactHash.SaltBytes + _marks.MetadataLength)..];

    /// <summary>The payload as text, if it is JSON; null where there is none, or where it is something else.</summary>
    public string? Json => ContentType is null && !Payload.IsEmpty ? Encoding.UTF8.GetString(Payload) : null;

    /// <summary>The metadata, exactly as given: a JSON object whose values are texts; null for none.</summary>
    public string? Metadata => _marks.MetadataLength == 0 ? null : Encoding.UTF8.GetString(MetadataUtf8);

    /// <summary>The metadata in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> MetadataUtf8 => _bytes.Slice(_marks.SaltAt + FactHash.SaltBytes, _marks.MetadataLength);

    /// <summary>The header as it is stored and hashed; see docs/format.md.</summary>
    public ReadOnlySpan<byte> Header => _bytes[.._marks.Header.Length];

    /// <summary>The random salt that keeps the payload from being guessed by its digest.</summary>
    public ReadOnlySpan<byte> Salt => _bytes.Slice(_marks.SaltAt, FactHash.SaltBytes);

    internal string[] TagArray => _marks.Header.HasMore ? View().Tags : [];

    /// <summary>The fact as an object of its own, which stays.</summary>
    public Fact ToFact() => new(_marks, Stream, Type, _bytes.ToArray());

    /// <summary>Position, stream, version and type.</summary>
    public override string ToString() => $"@{Position} {Stream} v{StreamVersion}{(Type is { } type ? $" {type}" : "")}";

    Guid? ForeignId => _marks.Header.HasMore ? View().ForeignId : null;

    /// <summary>What few ask for is taken from the header each time.</summary>
    HeaderView View()
    {
        var isHeader = HeaderView.TryRead(Header, out var header);
        Invariant.Holds(isHeader);
        return header;
    }

    static DateTimeOffset? Time(long? microseconds) => microseconds is { } value ? Microseconds.ToTime(value) : null;
}

/// <summary>Where the parts of a fact stand; used again for one fact after the other.</summary>
internal sealed class FactMarks
{
    public HeaderMarks Header { get; } = new();

    /// <summary>The names of the facts before it.</summary>
    public NameCache Names { get; } = new();

    /// <summary>Where the salt begins, from the header's first byte on.</summary>
    public int SaltAt { get; set; }

    public int MetadataLength { get; set; }

    /// <summary>Of the ledger.</summary>
    public uint LedgerTag { get; set; }
}
