using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Factstone;

/// <summary>A proposed fact, without a position yet. It is checked when it is appended; see <see cref="FactLimits"/>.</summary>
/// <remarks>
/// Everything but payload and metadata stays in the ledger for ever, also after an erasure. Name a subject by an opaque
/// id there, and keep the person behind that id in the payload.
/// </remarks>
public sealed record NewFact
{
    const string TypeOrPayload = "Is the text the type or the payload? Write new NewFact(stream, type, json), with type: null for the value of a record; or NewFact.WithoutPayload(stream, type) for a fact without a payload.";

    readonly ReadOnlyMemory<byte> _payload;

    NewFact() { }

    /// <summary>A fact with a JSON payload, kept exactly as written.</summary>
    /// <param name="stream">The stream that it is appended to.</param>
    /// <param name="type">The kind of fact; null for none, as for the value of a record.</param>
    /// <param name="json">One JSON value (RFC 8259), UTF-8 when stored, without duplicate names.</param>
    public NewFact(StreamName stream, string? type, string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Stream = stream;
        Type = type;
        PayloadText = json;
    }

    /// <summary>A fact with a payload as bytes: JSON in UTF-8, or anything else together with a <see cref="ContentType"/>.</summary>
    /// <param name="stream">The stream that it is appended to.</param>
    /// <param name="type">The kind of fact; null for none.</param>
    /// <param name="payload">The payload; empty for none.</param>
    public NewFact(StreamName stream, string? type, ReadOnlyMemory<byte> payload)
    {
        Stream = stream;
        Type = type;
        Payload = payload;
    }

    /// <summary>A fact whose payload is a value: <see cref="FactTypes"/> gives its type, schema version, JSON and tags when it is appended.</summary>
    /// <param name="stream">The stream that it is appended to.</param>
    /// <param name="value">A value of a registered type. It is written as JSON once, on the thread that appends.</param>
    public NewFact(StreamName stream, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Stream = stream;
        Value = value;
    }

    /// <summary>Does not compile, because nothing says whether the text is the type or the payload, and either would be stored for ever.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(TypeOrPayload, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public NewFact(StreamName stream, string? text) => throw new NotSupportedException(TypeOrPayload);

    /// <summary>A fact that says all by its stream, type and tags.</summary>
    /// <param name="stream">The stream that it is appended to.</param>
    /// <param name="type">The kind of fact; null for none.</param>
    public static NewFact WithoutPayload(StreamName stream, string? type) => new() { Stream = stream, Type = type };

    /// <summary>A tombstone: the record has no value from this fact on. The stream still exists and its versions continue.</summary>
    public static NewFact Retraction(StreamName stream, string? type = null) => WithoutPayload(stream, type) with { Retracts = true };

    /// <summary>The stream that it is appended to.</summary>
    public StreamName Stream { get; init; }

    /// <summary>The kind of fact, ≤ 256 bytes; null for none. A type that begins with <c>{</c>, <c>[</c> or <c>"</c> is refused: it is a payload in the wrong place.</summary>
    public string? Type { get; init; }

    /// <summary>Opaque strings that queries and conditions select on; up to 64, distinct, ≤ 256 bytes each, in any order.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>When it begins to hold in the world; null for the time when it is recorded. A finer time is truncated to microseconds.</summary>
    public DateTimeOffset? ValidFrom { get; init; }

    /// <summary>When it ceases to hold, exclusive; null for until further notice.</summary>
    public DateTimeOffset? ValidTo { get; init; }

    /// <summary>The version of the payload's schema, from 1.</summary>
    public long SchemaVersion { get; init; } = 1;

    /// <summary>The id of the fact that caused this one; null for none. The previous fact of a stream is not a cause.</summary>
    public Guid? Causation { get; init; }

    /// <summary>The cause as an earlier fact of the same append, by its index there, from 0; instead of <see cref="Causation"/>.</summary>
    public int? CausationIndex { get; init; }

    /// <summary>The caller's name for a whole conversation, ≤ 128 bytes; null for none.</summary>
    public string? Correlation { get; init; }

    /// <summary>What produced it: a small JSON object, ≤ 4 KiB in RFC 8785 form, in which it is stored; null for none.</summary>
    public string? Producer { get; init; }

    /// <summary>The rule that derived it, and the source facts; null for none.</summary>
    public Derivation? Derivation { get; init; }

    /// <summary>Whether it is a tombstone. It may have a payload, such as a reason, which is not a value of the record.</summary>
    public bool Retracts { get; init; }

    /// <summary>The content type of the payload, ≤ 128 bytes; null for JSON. <c>application/json</c> is stored as null.</summary>
    public string? ContentType { get; init; }

    /// <summary>A JSON object whose values are texts, ≤ 16 KiB (user, address, <c>traceparent</c>): kept exactly as written beside the payload, erased with it, never indexed.</summary>
    public string? Metadata { get; init; }

    /// <summary>The payload's bytes, ≤ 4 MiB; empty for none. The ledger copies them when the fact is appended.</summary>
    public ReadOnlyMemory<byte> Payload
    {
        get => PayloadText is null ? _payload : Encoding.UTF8.GetBytes(PayloadText);
        init => (_payload, PayloadText) = (value, null);
    }

    /// <summary>The value that becomes the payload, the type and the schema version; null if they were given as such. Tags that are given are added to those of the value.</summary>
    public object? Value { get; init; }

    /// <summary>Whether Factstone itself appends it, so that the store may start with <c>$</c>.</summary>
    internal bool IsOwn { get; init; }

    /// <summary>Whether a payload was given.</summary>
    internal bool HasPayload => PayloadText is not null || !_payload.IsEmpty;

    /// <summary>The payload if it was given as text. It is encoded directly into the ledger's buffer.</summary>
    internal string? PayloadText { get; private init; }

    internal void PrefetchPayload() => CachePrefetch.Start(PayloadText is { } text ? MemoryMarshal.AsBytes(text.AsSpan()) : _payload.Span);
}
