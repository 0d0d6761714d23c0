using System.Collections.Frozen;

namespace Factstone;

/// <summary>Gives facts their values: by their type, or, for a fact without a type, by its store.</summary>
internal sealed class FactValues
{
    readonly FactTypes? _types;
    readonly FrozenDictionary<string, RecordStore> _stores;

    FactValues(FactTypes? types, IReadOnlyList<RecordStore> stores) =>
        (_types, _stores) = (types, stores.ToFrozenDictionary(static store => store.Name, StringComparer.Ordinal));

    /// <summary>Null if nothing is registered.</summary>
    /// <exception cref="ArgumentException">A store is null or registered twice.</exception>
    public static FactValues? Of(FactTypes? types, IReadOnlyList<RecordStore> records)
    {
        // Read once, so that what is checked is also what is used.
        RecordStore[] stores = [.. records];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var store in stores)
        {
            if (store is null) throw new ArgumentException("A store of Records is null.", nameof(records));
            if (!names.Add(store.Name)) throw new ArgumentException($"The store '{store.Name}' is in Records twice. Each store has one type of values.", nameof(records));
        }

        return types is null && stores.Length == 0 ? null : new FactValues(types, stores);
    }

    /// <summary>The value of a fact; null if neither its type nor its store is registered, or if it has no JSON payload.</summary>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type.</exception>
    public object? Decode(Fact fact)
    {
        if (fact.Type is not null) return _types?.Decode(fact);
        var isValue = !fact.Retracts && !fact.Payload.IsEmpty && fact.ContentType is null;
        return isValue && _stores.TryGetValue(fact.Stream.Store, out var store) ? store.Decode(fact) : null;
    }

    /// <summary>The same for a fact in place.</summary>
    /// <exception cref="FactValueException">The payload does not become a value of the registered type.</exception>
    public object? Decode(in FactView fact) => fact.HasType ? _types?.Decode(fact) : _stores.Count > 0 ? Decode(fact.ToFact()) : null;
}
