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
    readonly ReadOnlyMemory<byte> _payload;

    /// <summary>A fact with a JSON payload, kept exactly as written.</summary>
    /// <param name="stream">The stream that it is appended to.</param>
    /// <param name="type">The kind of fact; null for none.</param>
    /// <param name="json">One JSON value (RFC 8259), UTF-8 when stored, without duplicate names.</param>
    public NewFact(StreamName stream, string? type, string json) : this(stream, type)
    {
        ArgumentNullException.ThrowIfNull(json);
        PayloadText = json;
    }

    /// <summary>A fact with a payload as bytes: JSON in UTF-8, or anything else together with a <see cref="ContentType"/>.</summary>
    public NewFact(StreamName stream, string? type, ReadOnlyMemory<byte> payload) : this(stream, type) => Payload = payload;

    /// <summary>A fact without a payload.</summary>
    public NewFact(StreamName stream, string? type)
    {
        Stream = stream;
        Type = type;
    }

    /// <summary>A tombstone: the record has no value from this fact on. The stream still exists and its versions continue.</summary>
    public static NewFact Retraction(StreamName stream, string? type = null) => new(stream, type) { Retracts = true };

    /// <summary>The stream that it is appended to.</summary>
    public StreamName Stream { get; init; }

    /// <summary>The kind of fact, ≤ 256 bytes; null for none.</summary>
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

    /// <summary>The payload if it was given as text. It is encoded directly into the ledger's buffer.</summary>
    internal string? PayloadText { get; private init; }

    internal void PrefetchPayload() => CachePrefetch.Start(PayloadText is { } text ? MemoryMarshal.AsBytes(text.AsSpan()) : _payload.Span);
}
