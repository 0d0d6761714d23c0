using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Factstone;

/// <summary>Says what to do about a value whose type is not registered.</summary>
internal static class TypeAdvice
{
    /// <summary>The advice as a sentence, mostly with the line of code to add.</summary>
    /// <param name="value">The value.</param>
    /// <param name="types">The registry; null if the ledger was opened without one.</param>
    public static string For(object value, FactTypes? types)
    {
        var type = value.GetType();
        if (value is string or byte[] or JsonElement or JsonDocument or JsonNode) return "If it is JSON, append it under its type: new NewFact(stream, type, json).";
        if (type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && type.Name.StartsWith('<')) return "An anonymous type has no name by which it could be registered. Declare a record for it, and add that to FactTypes.";
        if (value is IEnumerable && (type.IsArray || type.Namespace == "System.Collections.Generic")) return "To append what is in it, one fact for each, pass its elements: [.. values].";

        var line = $".Add<{NameOf(type)}>(\"{SuggestedName(type)}\")";
        if (types is null) return $"Add to LedgerOptions: Types = new FactTypes(...){line}";
        return types.RegisteredBaseOf(type) is { } registered
            ? $"{NameOf(registered)} is, but a value is looked up by exactly its own type. Add to FactTypes: {line}"
            : $"Add to FactTypes: {line}";
    }

    /// <summary>The name of a type as code writes it, without its namespace: <c>List&lt;OrderPlaced&gt;</c>.</summary>
    public static string NameOf(Type type)
    {
        var end = type.Name.IndexOf('`', StringComparison.Ordinal);
        return end < 0 ? type.Name : $"{type.Name[..end]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    /// <summary>OrderPlaced becomes order-placed.</summary>
    static string SuggestedName(Type type) =>
        string.Concat(type.Name.TakeWhile(static unit => unit != '`').Select(static (unit, index) => char.IsUpper(unit) ? $"{(index > 0 ? "-" : "")}{char.ToLowerInvariant(unit)}" : unit.ToString()));
}
