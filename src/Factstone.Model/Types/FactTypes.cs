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
/// The names of JSON properties are stored for ever: <see cref="Verify"/> in a test shows a change that would break stored facts.
/// </remarks>
public sealed class FactTypes
{
    readonly IJsonTypeInfoResolver _resolver;
    readonly JsonSerializerOptions _json;
    readonly ImmutableDictionary<string, FactType> _byName;
    readonly ImmutableDictionary<Type, FactType> _byClrType;

    /// <summary>An empty registry.</summary>
    /// <param name="json">The source-generated JSON of the types that will be added.</param>
    public FactTypes(JsonSerializerContext json)
    {
        ArgumentNullException.ThrowIfNull(json);
        (_resolver, _json) = (json, json.Options);
        (_byName, _byClrType) = (ImmutableDictionary.Create<string, FactType>(StringComparer.Ordinal), ImmutableDictionary<Type, FactType>.Empty);
    }

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
    /// <param name="name">The type of the facts, 1 to 256 bytes; it is stored for ever.</param>
    /// <param name="schemaVersion">The present version of the schema, from 1. Raise it together with an upcaster: <see cref="Upcast"/>.</param>
    /// <returns>The registry with this type.</returns>
    /// <exception cref="ArgumentException">The name or the type is registered already, the name is not possible, or the JSON of the type was not generated.</exception>
    public FactTypes Add<T>(string name, long schemaVersion = 1) where T : notnull => Add<T>(name, null, schemaVersion);

    /// <summary>The same for a type whose values say with which tags their facts are found.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="name">The type of the facts, 1 to 256 bytes; it is stored for ever.</param>
    /// <param name="tags">The tags of a value, up to 64 of at most 256 bytes; called once for each append, without a lock.</param>
    /// <param name="schemaVersion">The present version of the schema, from 1.</param>
    /// <returns>The registry with this type.</returns>
    /// <exception cref="ArgumentException">The name or the type is registered already, the name is not possible, or the JSON of the type was not generated.</exception>
    public FactTypes Add<T>(string name, Func<T, IEnumerable<string>>? tags, long schemaVersion = 1) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        if (NameCheck.Text("The type", name, 1, FactLimits.TypeBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        if (_byName.TryGetValue(name, out var other)) throw new ArgumentException($"The type '{name}' is registered already, for {other.ClrType}. Each type of facts has one CLR type.", nameof(name));
        if (_byClrType.TryGetValue(typeof(T), out var same)) throw new ArgumentException($"{typeof(T)} is registered already, as '{same.Name}'. Each CLR type has one type of facts.", nameof(name));
        if (_resolver.GetTypeInfo(typeof(T), _json) is not JsonTypeInfo<T> json)
            throw new ArgumentException($"{_resolver.GetType().Name} has no JSON for {typeof(T)}. Add above it: [JsonSerializable(typeof({typeof(T).Name}))]", nameof(name));
        return new FactTypes(this, FactType.Of(name, schemaVersion, json, tags), isNew: true);
    }

    /// <summary>Says how the payload of an older schema version becomes one of the next version.</summary>
    /// <param name="name">A registered type of facts.</param>
    /// <param name="from">The older version, from 1 and below the present one. It becomes <paramref name="from"/> + 1; versions are passed one after the other.</param>
    /// <param name="upcast">A pure function: the same input always gives the same output. It gets an object of its own, which it may change and return.</param>
    /// <returns>The registry with this step.</returns>
    /// <remarks>What is stored does not change. The step is applied each time when <see cref="Fact.Value"/> is read first.</remarks>
    /// <exception cref="ArgumentException">The type is not registered, the version has a step already, or it is not below the present version.</exception>
    public FactTypes Upcast(string name, long from, Func<System.Text.Json.Nodes.JsonObject, System.Text.Json.Nodes.JsonObject> upcast)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(upcast);
        if (!_byName.TryGetValue(name, out var type)) throw new ArgumentException($"The type '{name}' is not registered. Add it first.", nameof(name));
        if (from < 1 || from >= type.SchemaVersion)
            throw new ArgumentException($"'{name}' has schema version {type.SchemaVersion}; an upcaster from version {from} would never be used. Register the type with the version that its class has now.", nameof(from));
        if (type.Upcasters.ContainsKey(from)) throw new ArgumentException($"'{name}' has an upcaster from schema version {from} already.", nameof(from));
        return new FactTypes(this, type with { Upcasters = type.Upcasters.Add(from, upcast) }, isNew: false);
    }

    /// <summary>Checks in a test of yours that stored facts can still be read: that each registered type has a sample, that the value of a sample has exactly this JSON, and that this JSON gives the value.</summary>
    /// <param name="samples">One for each type and schema version that was ever stored.</param>
    /// <exception cref="FactTypesException">What differs, one line for each sample.</exception>
    public void Verify(params ReadOnlySpan<FactSample> samples)
    {
        var wrong = new List<string>();
        var missing = _byName.Values.SelectMany(static type => type.Versions.Select(version => (type.Name, Version: version))).ToHashSet();
        foreach (var sample in samples)
        {
            ArgumentNullException.ThrowIfNull(sample);
            if (!_byClrType.TryGetValue(sample.Value.GetType(), out var type))
            {
                wrong.Add(NotRegistered(sample.Value.GetType()));
                continue;
            }

            var version = sample.SchemaVersion ?? type.SchemaVersion;
            missing.Remove((type.Name, version));
            if (type.Difference(sample, version) is { } difference) wrong.Add(difference);
        }

        wrong.AddRange(missing.Order().Select(static one => $"'{one.Name}' has no sample of schema version {one.Version}."));
        if (wrong.Count > 0) throw new FactTypesException(string.Join(Environment.NewLine, wrong));
    }

    /// <summary>What is stored of a value.</summary>
    /// <exception cref="FactTypesException">The type of the value is not registered, or it cannot be written as JSON.</exception>
    internal (FactType Type, byte[] Payload, IReadOnlyList<string> Tags) Encode(object value)
    {
        if (!_byClrType.TryGetValue(value.GetType(), out var type)) throw new FactTypesException(NotRegistered(value.GetType()));
        try
        {
            return (type, type.Write(value), type.Tags?.Invoke(value) ?? []);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new FactTypesException($"A {value.GetType()} cannot be written as JSON for '{type.Name}': {failure.Message}", failure);
        }
    }

    /// <summary>The value of a fact; null if its type is not registered, or if it has no JSON payload.</summary>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type.</exception>
    internal object? Decode(Fact fact)
    {
        if (fact.Type is not { } name || fact.Payload.IsEmpty || fact.ContentType is not null || !_byName.TryGetValue(name, out var type)) return null;
        try
        {
            return type.Read(fact.Payload.Span, fact.SchemaVersion);
        }
        catch (Exception failure)
        {
            throw new FactValueException(fact, type.ClrType, failure);
        }
    }

    static string NotRegistered(Type type) => $"{type} is not registered as a type of facts. Add to FactTypes: .Add<{type.Name}>(\"{NameFor(type.Name)}\")";

    /// <summary>OrderPlaced becomes order-placed.</summary>
    static string NameFor(string clrName) =>
        string.Concat(clrName.Select(static (unit, index) => char.IsUpper(unit) ? $"{(index > 0 ? "-" : "")}{char.ToLowerInvariant(unit)}" : unit.ToString()));
}
