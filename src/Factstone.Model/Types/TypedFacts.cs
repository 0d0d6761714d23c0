namespace Factstone;

/// <summary>Turns values that are appended into types, payloads and tags.</summary>
internal static class TypedFacts
{
    /// <summary>The same request without values; the same object if it has none.</summary>
    /// <exception cref="FactTypesException">A value is not of a registered type, or cannot be written as JSON.</exception>
    /// <exception cref="ArgumentException">A fact has a value and also a type, payload, schema version or content type of its own.</exception>
    public static AppendRequest Encode(AppendRequest request, FactTypes? types)
    {
        if (request?.Facts is not { } facts) return request!; // the check of the request refuses it
        for (var i = 0; i < facts.Count; i++)
            if (facts[i] is { Value: not null })
                return request with { Facts = Encode(facts, types) };
        return request;
    }

    /// <summary>The same fact without a value.</summary>
    /// <exception cref="FactTypesException">The value is not of a registered type, or cannot be written as JSON.</exception>
    public static NewFact Encode(NewFact fact, FactTypes? types) => fact.Value is { } value ? Encode(fact, value, 0, types) : fact;

    static NewFact[] Encode(IReadOnlyList<NewFact> facts, FactTypes? types)
    {
        var encoded = new NewFact[facts.Count];
        for (var i = 0; i < encoded.Length; i++) encoded[i] = facts[i] is { Value: { } value } fact ? Encode(fact, value, i, types) : facts[i];
        return encoded;
    }

    static NewFact Encode(NewFact fact, object value, int index, FactTypes? types)
    {
        if (value is NewFact or Fact) throw new ArgumentException($"facts[{index}]: its value is itself a {value.GetType().Name}. Append the value in it: new NewFact(stream, value).", nameof(fact));
        if (fact.Type is not null || fact.HasPayload || fact.SchemaVersion != 1 || fact.ContentType is not null)
            throw new ArgumentException($"facts[{index}]: it has a value, and also a type, payload, schema version or content type. These come from the registration of the value's type. Leave them out, or leave the value out.", nameof(fact));
        if (types is null)
            throw new FactTypesException($"facts[{index}] has a value of {value.GetType()}, and the ledger was opened without types. {TypeAdvice.For(value, null)}");
        var (type, payload, tags) = types.Encode(value);
        return fact with { Value = null, Type = type.Name, SchemaVersion = type.SchemaVersion, Payload = payload, Tags = Tags(fact.Tags, tags) };
    }

    static IReadOnlyList<string> Tags(IReadOnlyList<string> given, IReadOnlyList<string> ofValue) =>
        given.Count == 0 ? ofValue : ofValue.Count == 0 ? given : [.. given.Union(ofValue, StringComparer.Ordinal)];
}
