using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>A store whose streams are records: each is read for its latest value. <see cref="RecordStore{T}"/> says which type the values have.</summary>
public abstract class RecordStore
{
    private protected RecordStore(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (NameCheck.ForAppending(new StreamName(name, "")) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        Name = name;
    }

    /// <summary>The store's name.</summary>
    public string Name { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>The value of a fact of this store that has no type and a JSON payload.</summary>
    /// <exception cref="FactValueException">The payload does not become a value.</exception>
    internal abstract object Decode(Fact fact);
}

/// <summary>Defines a store of records: its name, and the JSON of its values. <c>ledger.Records(definition)</c> reads and writes the records.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <remarks>
/// Immutable; make one for each store and keep it. Threads: any number. No reflection is used. The facts of its records have no type.
/// The members that return a <see cref="NewFact"/> or an <see cref="AppendCondition"/> are the parts of one append with other facts and
/// cells; see <see cref="AppendRequest"/>.
/// </remarks>
public sealed class RecordStore<T> : RecordStore where T : notnull
{
    readonly TypedJson<T> _json;

    /// <summary>Defines a store.</summary>
    /// <param name="name">The store's name, 1..128 bytes.</param>
    /// <param name="json">The source-generated JSON of the values.</param>
    /// <exception cref="ArgumentException">No store can have this name, or it starts with <c>$</c>, which is reserved.</exception>
    public RecordStore(string name, JsonTypeInfo<T> json) : base(name)
    {
        ArgumentNullException.ThrowIfNull(json);
        _json = new TypedJson<T>(json);
    }

    /// <summary>The stream of a record.</summary>
    /// <param name="key">The record's key, 0..1,024 bytes.</param>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    public StreamName StreamOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (NameCheck.Text("The key", key, 0, FactLimits.KeyBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(key));
        return new StreamName(Name, key);
    }

    /// <summary>The fact that gives a record a value. Tags, times, metadata and the like can be added: <c>store.NewValue(key, value) with { Tags = ... }</c>.</summary>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON.</exception>
    public NewFact NewValue(string key, T value)
    {
        var stream = StreamOf(key);
        return new NewFact(stream, type: null, Write(key, value));
    }

    /// <summary>The fact that takes the value of a record away. The record keeps its history and its versions.</summary>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    public NewFact NewRetraction(string key) => NewFact.Retraction(StreamOf(key));

    /// <summary>The record has a value, and its latest fact has this version, from 1; 0 is the same as <see cref="RecordMissing"/>.</summary>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    public AppendCondition RecordAt(string key, StreamVersion version) => AppendCondition.RecordAt(StreamOf(key), version);

    /// <summary>The record has no value: never written, or retracted.</summary>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    public AppendCondition RecordMissing(string key) => AppendCondition.RecordMissing(StreamOf(key));

    /// <summary>The stored JSON of the record has the same canonical form as the JSON of this value.</summary>
    /// <remarks>A member that is stored and that <typeparamref name="T"/> does not write counts as a difference. <see cref="Records{T}.CompareAndWriteAsync(string, T, T, CancellationToken)"/> compares as <typeparamref name="T"/>. Numbers with a fraction are compared as doubles, of which about 17 digits count.</remarks>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON.</exception>
    public AppendCondition RecordEquals(string key, T value) => AppendCondition.RecordEquals(StreamOf(key), Write(key, value));

    /// <summary>The value of a fact that is no retraction.</summary>
    /// <exception cref="FactValueException">The payload does not become a value, or the type of the fact is not registered for <typeparamref name="T"/>.</exception>
    internal T Read(Fact fact)
    {
        if (fact.Type is { } type)
            return fact.Value is T value ? value : throw Wrong(fact, $"it has the type '{type}', and the facts of a record have none. If such facts are values, register the type with FactTypes.Add<{TypeAdvice.NameOf(typeof(T))}>(\"{type}\")");
        if (fact.ContentType is { } contentType) throw Wrong(fact, $"its content type is {contentType}");
        if (fact.SchemaVersion != 1) throw Wrong(fact, $"it has schema version {fact.SchemaVersion}, and records have version 1. A newer release may have written it");
        try
        {
            return _json.Read(fact.Payload.Span);
        }
        catch (Exception failure)
        {
            throw new FactValueException(fact, typeof(T), failure);
        }
    }

    /// <summary>Whether the value of a record is the same as an expected one.</summary>
    internal bool IsSame(Fact stored, ReadOnlySpan<byte> expected) => stored is { Type: null, ContentType: null, SchemaVersion: 1 } && _json.IsSame(stored.Payload.Span, expected);

    internal override object Decode(Fact fact) => Read(fact);

    byte[] Write(string key, T value) => _json.Write(value, $"record {NameCheck.Shown(new StreamName(Name, key).ToString())}");

    static FactValueException Wrong(Fact fact, string why) => new(fact, typeof(T), new JsonException(why));
}
