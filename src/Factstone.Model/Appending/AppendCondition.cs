using System.Text;

namespace Factstone;

/// <summary>What an <see cref="AppendCondition"/> asks.</summary>
public enum AppendConditionKind
{
    /// <summary>The stream's last version is the one given.</summary>
    StreamAt = 1,

    /// <summary>The stream has never had a fact.</summary>
    StreamMissing = 2,

    /// <summary>The stream has had a fact.</summary>
    StreamExists = 3,

    /// <summary>The record has a value, and its latest fact has the version given.</summary>
    RecordAt = 4,

    /// <summary>The record has no value: never written, or retracted.</summary>
    RecordMissing = 5,

    /// <summary>The record's value is this one, compared as canonical JSON.</summary>
    RecordEquals = 6,

    /// <summary>No fact matches the query: none at all, or none after the position given.</summary>
    NoMatch = 7,

    /// <summary>The cell has a value, and its last write has the version given.</summary>
    CellAt = 8,

    /// <summary>The cell has no value: never written, or deleted.</summary>
    CellAbsent = 9,

    /// <summary>The cell's value is this one, byte for byte.</summary>
    CellEquals = 10,
}

/// <summary>What must hold for an append to happen, over a stream or a cell that need not be written, or over all that matches a query. Conditions go by place in the order of appends, never by valid time.</summary>
/// <remarks>Conditions on streams speak of ever; conditions on records speak of the latest fact of the stream, those on cells of the latest write; conditions by query speak of facts that are still held.</remarks>
public sealed record AppendCondition
{
    AppendCondition(AppendConditionKind kind, StreamName stream) => (Kind, Stream) = (kind, stream);

    AppendCondition(AppendConditionKind kind, CellName cell) => (Kind, Cell) = (kind, cell);

    /// <summary>What is asked.</summary>
    public AppendConditionKind Kind { get; }

    /// <summary>Of which stream, where a stream is asked of.</summary>
    public StreamName Stream { get; }

    /// <summary>The stream's version that is asked for, where one is.</summary>
    public StreamVersion Version { get; private init; }

    /// <summary>Of which cell, where a cell is asked of.</summary>
    public CellName Cell { get; }

    /// <summary>The cell's version that is asked for, where one is.</summary>
    public CellVersion CellVersion { get; private init; }

    /// <summary>Whether a cell is asked of.</summary>
    public bool IsOnCell => Kind is AppendConditionKind.CellAt or AppendConditionKind.CellAbsent or AppendConditionKind.CellEquals;

    /// <summary>Of the value that a cell is asked to have.</summary>
    internal CellDigest Digest { get; private init; }

    /// <summary>The record's JSON value, or the cell's bytes, that are asked for, where they are.</summary>
    public ReadOnlyMemory<byte> Value { get; private init; }

    /// <summary>The query that no fact may match, where there is one.</summary>
    public FactQuery? Query { get; private init; }

    /// <summary>The position behind which no fact may match; null where none may match at all.</summary>
    public Position? After { get; private init; }

    /// <summary>The stream's last version is <paramref name="version"/>; 0 asks that it has had no fact.</summary>
    public static AppendCondition StreamAt(StreamName stream, StreamVersion version) => new(AppendConditionKind.StreamAt, stream) { Version = version };

    /// <summary>The stream has never had a fact.</summary>
    public static AppendCondition StreamMissing(StreamName stream) => new(AppendConditionKind.StreamMissing, stream);

    /// <summary>The stream has had a fact.</summary>
    public static AppendCondition StreamExists(StreamName stream) => new(AppendConditionKind.StreamExists, stream);

    /// <summary>The record has a value, and its latest fact has version <paramref name="version"/>, from 1.</summary>
    public static AppendCondition RecordAt(StreamName stream, StreamVersion version) => new(AppendConditionKind.RecordAt, stream) { Version = version };

    /// <summary>The record has no value: never written, or retracted.</summary>
    public static AppendCondition RecordMissing(StreamName stream) => new(AppendConditionKind.RecordMissing, stream);

    /// <summary>The record's value is this JSON, compared in canonical form: blanks, the order of names and the spelling of numbers do not count.</summary>
    /// <exception cref="ArgumentException">The text holds half of a surrogate pair. Whether it is JSON is checked when it is appended.</exception>
    public static AppendCondition RecordEquals(StreamName stream, string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (Utf8Order.ByteCount(json) < 0) throw new ArgumentException("The value holds half of a surrogate pair, which UTF-8 cannot say.", nameof(json));
        return RecordEquals(stream, Encoding.UTF8.GetBytes(json));
    }

    /// <summary>The record's value is this JSON, compared in canonical form. The bytes are copied.</summary>
    public static AppendCondition RecordEquals(StreamName stream, ReadOnlyMemory<byte> json) => new(AppendConditionKind.RecordEquals, stream) { Value = json.ToArray() };

    /// <summary>No fact after a position matches the query: what was read up to there has not grown (a Dynamic Consistency Boundary).</summary>
    /// <param name="query">What was read; checked when it is appended.</param>
    /// <param name="after">The position that it was read at: facts there and before are known, and may match.</param>
    public static AppendCondition NoMatch(FactQuery query, Position after)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(AppendConditionKind.NoMatch, default(StreamName)) { Query = query, After = after };
    }

    /// <summary>No fact matches the query, which makes what it names unique.</summary>
    /// <param name="query">What there must be none of; checked when it is appended.</param>
    public static AppendCondition NoMatch(FactQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(AppendConditionKind.NoMatch, default(StreamName)) { Query = query };
    }

    /// <summary>The cell has a value, and its last write has version <paramref name="version"/>, from 1.</summary>
    public static AppendCondition CellAt(string bucket, string name, CellVersion version) =>
        new(AppendConditionKind.CellAt, new CellName(bucket, name)) { CellVersion = version };

    /// <summary>The cell has no value: never written, or deleted.</summary>
    public static AppendCondition CellAbsent(string bucket, string name) => new(AppendConditionKind.CellAbsent, new CellName(bucket, name));

    /// <summary>The cell's value is this one, byte for byte. The bytes are copied.</summary>
    public static AppendCondition CellEquals(string bucket, string name, ReadOnlyMemory<byte> value)
    {
        var copy = value.ToArray();
        return new AppendCondition(AppendConditionKind.CellEquals, new CellName(bucket, name)) { Value = copy, Digest = CellDigest.Of(copy) };
    }

    /// <summary>The cell's value is this text in UTF-8, byte for byte.</summary>
    /// <exception cref="ArgumentException">The text holds half of a surrogate pair.</exception>
    public static AppendCondition CellEquals(string bucket, string name, string value) => CellEquals(bucket, name, NewCell.Put(bucket, name, value).Value);

    /// <summary>What is asked, as a phrase.</summary>
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
