using System.Text;

namespace Factstone;

/// <summary>What an <see cref="AppendCondition"/> requires.</summary>
public enum AppendConditionKind
{
    /// <summary>The last version of the stream is the given one.</summary>
    StreamAt = 1,

    /// <summary>The stream has never had a fact.</summary>
    StreamMissing = 2,

    /// <summary>The stream has had a fact.</summary>
    StreamExists = 3,

    /// <summary>The record has a value, and its latest fact has the given version.</summary>
    RecordAt = 4,

    /// <summary>The record has no value: never written, or retracted.</summary>
    RecordMissing = 5,

    /// <summary>The value of the record equals the given one, compared as canonical JSON.</summary>
    RecordEquals = 6,

    /// <summary>No fact matches the query: none at all, or none after the given position.</summary>
    NoMatch = 7,

    /// <summary>The cell has a value, and its last write has the given version.</summary>
    CellAt = 8,

    /// <summary>The cell has no value: never written, or deleted.</summary>
    CellAbsent = 9,

    /// <summary>The value of the cell equals the given one, byte for byte.</summary>
    CellEquals = 10,
}

/// <summary>What must hold for an append to happen. It concerns a stream or a cell, which the append need not write, or all facts that match a query. Conditions are decided in the order of appends, never by valid time.</summary>
/// <remarks>Conditions on streams cover every fact ever appended to the stream. Conditions on records concern its latest fact, and conditions on cells the latest write. Conditions by query cover the facts that are still held.</remarks>
public sealed record AppendCondition
{
    AppendCondition(AppendConditionKind kind, StreamName stream) => (Kind, Stream) = (kind, stream);

    AppendCondition(AppendConditionKind kind, CellName cell) => (Kind, Cell) = (kind, cell);

    /// <summary>The kind of condition.</summary>
    public AppendConditionKind Kind { get; }

    /// <summary>The stream of a condition on a stream or record; otherwise default.</summary>
    public StreamName Stream { get; }

    /// <summary>The required version of a <see cref="AppendConditionKind.StreamAt"/> or <see cref="AppendConditionKind.RecordAt"/>; otherwise 0.</summary>
    public StreamVersion Version { get; private init; }

    /// <summary>The cell of a condition on a cell; otherwise default.</summary>
    public CellName Cell { get; }

    /// <summary>The required version of a <see cref="AppendConditionKind.CellAt"/>; otherwise 0.</summary>
    public CellVersion CellVersion { get; private init; }

    /// <summary>Whether the condition is on a cell.</summary>
    public bool IsOnCell => Kind is AppendConditionKind.CellAt or AppendConditionKind.CellAbsent or AppendConditionKind.CellEquals;

    /// <summary>Whether the condition is on the value of a record, which a truncation can take away.</summary>
    internal bool IsOnRecord => Kind is AppendConditionKind.RecordAt or AppendConditionKind.RecordMissing or AppendConditionKind.RecordEquals;

    /// <summary>The digest of the required value of a cell.</summary>
    internal CellDigest Digest { get; private init; }

    /// <summary>The required value of a record (JSON) or of a cell (bytes); otherwise empty.</summary>
    public ReadOnlyMemory<byte> Value { get; private init; }

    /// <summary>The query that no fact may match; null for other conditions.</summary>
    public FactQuery? Query { get; private init; }

    /// <summary>The position after which no fact may match; null if no fact may match at all.</summary>
    public Position? After { get; private init; }

    /// <summary>The last version of the stream is <paramref name="version"/>, from 1; <see cref="StreamVersion.None"/> (0) is the same as <see cref="StreamMissing"/>.</summary>
    public static AppendCondition StreamAt(StreamName stream, StreamVersion version) =>
        version == StreamVersion.None ? StreamMissing(stream) : new(AppendConditionKind.StreamAt, stream) { Version = version };

    /// <summary>The stream has never had a fact.</summary>
    public static AppendCondition StreamMissing(StreamName stream) => new(AppendConditionKind.StreamMissing, stream);

    /// <summary>The stream has had a fact.</summary>
    public static AppendCondition StreamExists(StreamName stream) => new(AppendConditionKind.StreamExists, stream);

    /// <summary>The record has a value, and its latest fact has version <paramref name="version"/>, from 1; <see cref="StreamVersion.None"/> (0) is the same as <see cref="RecordMissing"/>.</summary>
    public static AppendCondition RecordAt(StreamName stream, StreamVersion version) =>
        version == StreamVersion.None ? RecordMissing(stream) : new(AppendConditionKind.RecordAt, stream) { Version = version };

    /// <summary>The record has no value: never written, or retracted.</summary>
    public static AppendCondition RecordMissing(StreamName stream) => new(AppendConditionKind.RecordMissing, stream);

    /// <summary>The value of the record equals this JSON in canonical form: blanks, the order of names and the spelling of numbers do not count.</summary>
    /// <exception cref="ArgumentException">The text contains half of a surrogate pair. Whether it is JSON is checked when it is appended.</exception>
    public static AppendCondition RecordEquals(StreamName stream, string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (Utf8Order.ByteCount(json) < 0) throw new ArgumentException("The value contains half of a surrogate pair, which UTF-8 cannot encode.", nameof(json));
        return RecordEquals(stream, Encoding.UTF8.GetBytes(json));
    }

    /// <summary>The value of the record equals this JSON in canonical form. The bytes are copied.</summary>
    public static AppendCondition RecordEquals(StreamName stream, ReadOnlyMemory<byte> json) => new(AppendConditionKind.RecordEquals, stream) { Value = json.ToArray() };

    /// <summary>No fact after a position matches the query: what was read up to there has not grown (a Dynamic Consistency Boundary).</summary>
    /// <param name="query">The query that was read; checked when it is appended.</param>
    /// <param name="after">The position up to which it was read. Facts up to this position may match.</param>
    public static AppendCondition NoMatch(FactQuery query, Position after)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(AppendConditionKind.NoMatch, default(StreamName)) { Query = query, After = after };
    }

    /// <summary>No fact matches the query. That makes what the query names unique.</summary>
    /// <param name="query">What must not exist; checked when it is appended.</param>
    public static AppendCondition NoMatch(FactQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(AppendConditionKind.NoMatch, default(StreamName)) { Query = query };
    }

    /// <summary>The cell has a value, and its last write has version <paramref name="version"/>, from 1; <see cref="CellVersion.None"/> (0) is the same as <see cref="CellAbsent"/>.</summary>
    public static AppendCondition CellAt(string bucket, string name, CellVersion version) =>
        version == CellVersion.None ? CellAbsent(bucket, name) : new(AppendConditionKind.CellAt, new CellName(bucket, name)) { CellVersion = version };

    /// <summary>The cell has no value: never written, or deleted.</summary>
    public static AppendCondition CellAbsent(string bucket, string name) => new(AppendConditionKind.CellAbsent, new CellName(bucket, name));

    /// <summary>The value of the cell equals this one, byte for byte. The bytes are copied.</summary>
    public static AppendCondition CellEquals(string bucket, string name, ReadOnlyMemory<byte> value)
    {
        var copy = value.ToArray();
        return new AppendCondition(AppendConditionKind.CellEquals, new CellName(bucket, name)) { Value = copy, Digest = CellDigest.Of(copy) };
    }

    /// <summary>The value of the cell equals this text in UTF-8, byte for byte.</summary>
    /// <exception cref="ArgumentException">The text contains half of a surrogate pair.</exception>
    public static AppendCondition CellEquals(string bucket, string name, string value) => CellEquals(bucket, name, NewCell.Put(bucket, name, value).Value);

    /// <summary>Appends that were queued before this one and whose facts the caller has counted on before they were durable. A query may match them. If one of them was not accepted, the condition does not hold: another append may have given its stream the same version.</summary>
    internal IReadOnlyList<AppendAcceptance> CountsOn { get; init; } = [];

    /// <summary>Whether it counts on an append that was not accepted.</summary>
    internal bool CountsOnRefused
    {
        get
        {
            foreach (var place in CountsOn)
                if (!place.IsAccepted) return true;
            return false;
        }
    }

    /// <summary>The condition as a phrase.</summary>
    public override string ToString() => Kind switch
    {
        AppendConditionKind.StreamAt => $"stream {Stream} is at version {Version}",
        AppendConditionKind.StreamMissing => $"stream {Stream} does not exist",
        AppendConditionKind.StreamExists => $"stream {Stream} exists",
        AppendConditionKind.RecordAt => $"record {Stream} is at version {Version}",
        AppendConditionKind.RecordMissing => $"record {Stream} has no value",
        AppendConditionKind.NoMatch => $"no fact{(After is { } after ? $" after @{after}" : "")} matches {Query}",
        AppendConditionKind.CellAt => $"cell {Cell} is at version {CellVersion}",
        AppendConditionKind.CellAbsent => $"cell {Cell} has no value",
        AppendConditionKind.CellEquals => $"cell {Cell} equals {NameCheck.Shown(Encoding.UTF8.GetString(Value.Span))}",
        _ => $"record {Stream} equals {Encoding.UTF8.GetString(Value.Span)}",
    };
}
