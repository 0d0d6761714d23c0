using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>
/// Maps CLR types to types of facts: the name under which a value is stored, the version of its schema, its JSON, and its tags.
/// </summary>
/// <remarks>
/// Immutable: each call of <c>Add</c> or <c>Upcast</c> returns a new registry. Threads: any number.
/// No reflection is used and no type name is written into the JSON, so a class can be renamed and moved, and a program can be trimmed.
/// The JSON is what <see cref="JsonSerializer"/> makes of a value. It writes half of a surrogate pair in a text as U+FFFD.
/// The names of JSON properties are stored for ever: <see cref="Verify"/> in a test shows a change that would break stored facts.
/// </remarks>
public sealed class FactTypes
{
    readonly IJsonTypeInfoResolver _resolver;
    readonly JsonSerializerOptions _json;
    readonly ImmutableDictionary<string, FactType> _byName;
    readonly ImmutableDictionary<Type, FactType> _byClrType;

    /// <summary>An empty registry.</summary>
    /// <param name="json">The source-generated JSON of the types that will be added. Its options are used as they are, such as the naming policy.</param>
    /// <exception cref="ArgumentNullException">The context is null.</exception>
    public FactTypes(JsonSerializerContext json)
    {
        ArgumentNullException.ThrowIfNull(json);
        (_resolver, _json) = (json, json.Options);
        (_byName, _byClrType) = (ImmutableDictionary.Create<string, FactType>(StringComparer.Ordinal), ImmutableDictionary<Type, FactType>.Empty);
    }

    // The same for reads and appends, which are far more than registrations. Two threads at once may each make them.
    FrozenDictionary<string, FactType> FrozenByName => field ??= _byName.ToFrozenDictionary(StringComparer.Ordinal);
    FrozenDictionary<Type, FactType> FrozenByClrType => field ??= _byClrType.ToFrozenDictionary();

    FactTypes(FactTypes before, FactType added, bool isNew)
    {
        (_resolver, _json) = (before._resolver, before._json);
        _byName = isNew ? before._byName.Add(added.Name, added) : before._byName.SetItem(added.Name, added);
        _byClrType = isNew ? before._byClrType.Add(added.ClrType, added) : before._byClrType.SetItem(added.ClrType, added);
    }

    /// <summary>The registered names, in the order of unsigned UTF-8 bytes.</summary>
    public IReadOnlyList<string> Names => [.. _byName.Keys.Order(Utf8Order.Instance)];

    /// <summary>Registers a type whose facts have no tags of their own.</summary>
    /// <typeparam name="T">The type of the values: a class or struct that is not abstract. A value is looked up by exactly its own type.</typeparam>
    /// <param name="name">The type of the facts, 1 to 256 bytes without control characters; it is stored for ever.</param>
    /// <param name="schemaVersion">The present version of the schema, from 1. Raise it together with an upcaster: <see cref="Upcast"/>.</param>
    /// <returns>The registry with this type.</returns>
    /// <exception cref="ArgumentException">The name or the type is registered already, the name is not possible, the type is abstract or nullable, or its JSON was not generated. The message has the line to add.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The schema version is below 1.</exception>
    public FactTypes Add<T>(string name, long schemaVersion = 1) where T : notnull => Add<T>(name, null, schemaVersion);

    /// <summary>The same for a type whose values say with which tags their facts are found.</summary>
    /// <typeparam name="T">The type of the values: a class or struct that is not abstract.</typeparam>
    /// <param name="name">The type of the facts, 1 to 256 bytes without control characters; it is stored for ever.</param>
    /// <param name="tags">The tags of a value, up to 64 of 1 to 256 bytes; a tag that it gives twice counts once. Called once for each value that is appended, by the thread that appends; several threads may call it at once. What it throws, the append throws, and nothing is written. Null for none.</param>
    /// <param name="schemaVersion">The present version of the schema, from 1.</param>
    /// <returns>The registry with this type.</returns>
    /// <exception cref="ArgumentException">The name or the type is registered already, the name is not possible, the type is abstract or nullable, or its JSON was not generated. The message has the line to add.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The schema version is below 1.</exception>
    public FactTypes Add<T>(string name, Func<T, IEnumerable<string>>? tags, long schemaVersion = 1) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        if (AppendCheck.WrongType(name) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        if (_byName.TryGetValue(name, out var other)) throw new ArgumentException($"The type '{name}' is registered already, for {other.ClrType}. Each type of facts has one CLR type.", nameof(name));
        if (_byClrType.TryGetValue(typeof(T), out var same)) throw new ArgumentException($"{typeof(T)} is registered already, as '{same.Name}'. Each CLR type has one type of facts.", nameof(T));
        if (typeof(T).IsAbstract) throw new ArgumentException($"{typeof(T)} is abstract, and a value is looked up by exactly its own type. Add each class that values have.", nameof(T));
        if (Nullable.GetUnderlyingType(typeof(T)) is { } underlying) throw new ArgumentException($"A value is never null. Register {TypeAdvice.NameOf(underlying)} instead of {TypeAdvice.NameOf(underlying)}?.", nameof(T));
        if (_resolver.GetTypeInfo(typeof(T), _json) is not JsonTypeInfo<T> json)
            throw new ArgumentException($"{_resolver.GetType().Name} has no JSON for {typeof(T)}. Add above it: [JsonSerializable(typeof({TypeAdvice.NameOf(typeof(T))}))]", nameof(T));
        return new FactTypes(this, FactType.Of(name, schemaVersion, json, tags), isNew: true);
    }

    /// <summary>Says how the payload of an older schema version becomes one of the next version.</summary>
    /// <param name="name">A registered type of facts.</param>
    /// <param name="from">The older version, from 1 and below the present one. It becomes <paramref name="from"/> + 1; versions are passed one after the other.</param>
    /// <param name="upcast">A pure function: the same input always gives the same output. It gets an object of its own, which it may change and return.</param>
    /// <returns>The registry with this step.</returns>
    /// <remarks>What is stored does not change. The step is applied when <see cref="Fact.Value"/> of an older fact is accessed for the first time. What it throws, that access throws as the inner exception of a <see cref="FactValueException"/>. It is for payloads that are JSON objects, nested up to 64 deep.</remarks>
    /// <exception cref="ArgumentException">The type is not registered, the version has a step already, or it is not below the present version.</exception>
    public FactTypes Upcast(string name, long from, Func<System.Text.Json.Nodes.JsonObject, System.Text.Json.Nodes.JsonObject> upcast)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(upcast);
        if (!_byName.TryGetValue(name, out var type)) throw new ArgumentException($"The type '{name}' is not registered. Add it first.", nameof(name));
        if (from < 1 || from >= type.SchemaVersion)
            throw new ArgumentException($"An upcaster from version {from} would never be used: '{name}' has schema version {type.SchemaVersion}, and an upcaster begins at an older version, from 1. If the class has changed, raise schemaVersion in Add.", nameof(from));
        if (type.Upcasters.ContainsKey(from)) throw new ArgumentException($"'{name}' has an upcaster from schema version {from} already.", nameof(from));
        return new FactTypes(this, type with { Upcasters = type.Upcasters.Add(from, upcast) }, isNew: false);
    }

    /// <summary>Checks in a test of yours that stored facts can still be read: that each registered type has a sample, that the value of a sample has exactly this JSON, and that this JSON gives the value.</summary>
    /// <param name="samples">One for each type and schema version that was ever stored.</param>
    /// <remarks>JSON is compared in its canonical form (RFC 8785): white space and the order of members do not count. The JSON of an older schema version passes through the upcasters first.</remarks>
    /// <exception cref="FactTypesException">What differs, one line for each sample, and which samples are missing.</exception>
    /// <exception cref="ArgumentException">A sample is null, or has no value or no JSON.</exception>
    public void Verify(params ReadOnlySpan<FactSample> samples)
    {
        var wrong = new List<string>();
        var missing = _byName.Values.SelectMany(static type => type.Versions.Select(version => (type.Name, Version: version))).ToHashSet();
        for (var i = 0; i < samples.Length; i++)
        {
            if (samples[i] is not { Value: not null, Json: not null } sample) throw new ArgumentException($"samples[{i}] is null, or has no value or no JSON.", nameof(samples));
            if (!_byClrType.TryGetValue(sample.Value.GetType(), out var type))
            {
                wrong.Add(NotRegistered(sample.Value));
                continue;
            }

            var version = sample.SchemaVersion ?? type.SchemaVersion;
            if (version < 1 || version > type.SchemaVersion)
            {
                wrong.Add($"'{type.Name}': a sample has schema version {version}; there are versions 1 to {type.SchemaVersion}.");
                continue;
            }

            missing.Remove((type.Name, version));
            if (type.Difference(sample, version) is { } difference) wrong.Add(difference);
        }

        wrong.AddRange(missing.Order().Select(static one => $"'{one.Name}' has no sample of schema version {one.Version}."));
        if (wrong.Count > 0) throw new FactTypesException(string.Join(Environment.NewLine, wrong));
    }

    /// <summary>What is stored of a value.</summary>
    /// <exception cref="FactTypesException">The type of the value is not registered, it cannot be written as JSON, or its tags are null.</exception>
    internal (FactType Type, byte[] Payload, IReadOnlyList<string> Tags) Encode(object value)
    {
        if (!FrozenByClrType.TryGetValue(value.GetType(), out var type)) throw new FactTypesException(NotRegistered(value));
        byte[] payload;
        try
        {
            payload = type.Write(value);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new FactTypesException($"A {value.GetType()} cannot be written as JSON for '{type.Name}': {failure.Message}", failure);
        }

        if (payload.AsSpan().SequenceEqual("null"u8)) throw new FactTypesException($"A {value.GetType()} is written as null for '{type.Name}', and null does not become a {value.GetType()} again.");
        return (type, payload, type.Tags?.Invoke(value) ?? []);
    }

    /// <summary>The value of a fact; null if its type is not registered, or if it has no JSON payload.</summary>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type.</exception>
    internal object? Decode(Fact fact)
    {
        if (fact.Type is not { } name || fact.Payload.IsEmpty || fact.ContentType is not null || !FrozenByName.TryGetValue(name, out var type)) return null;
        try
        {
            return type.Read(fact.Payload.Span, fact.SchemaVersion);
        }
        catch (Exception failure)
        {
            throw new FactValueException(fact, type.ClrType, failure);
        }
    }

    /// <summary>The same for a fact in place.</summary>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type.</exception>
    internal object? Decode(in FactView fact)
    {
        if (fact.Type is not { } name || fact.Payload.IsEmpty || !fact.IsJson || !FrozenByName.TryGetValue(name, out var type)) return null;
        try
        {
            return type.Read(fact.Payload, fact.SchemaVersion);
        }
        catch (Exception failure)
        {
            throw new FactValueException(fact.ToFact(), type.ClrType, failure);
        }
    }

    /// <summary>The nearest base class of a type that is registered; null for none.</summary>
    internal Type? RegisteredBaseOf(Type type)
    {
        for (var above = type.BaseType; above is not null; above = above.BaseType)
            if (_byClrType.ContainsKey(above)) return above;
        return null;
    }

    string NotRegistered(object value) => $"{value.GetType()} is not registered as a type of facts. {TypeAdvice.For(value, this)}";
}
