namespace Factstone;

/// <summary>The rules for a query. Each method returns what is wrong, or null.</summary>
internal static class FactQueryCheck
{
    public static string? Wrong(FactQuery query)
    {
        var items = query.Items;
        if (items.IsEmpty) return "The query is empty, which selects nothing. FactQuery.All ('all' in text) selects everything.";
        if (items.Length > FactLimits.ItemsPerQueryMax) return $"The query has {items.Length:N0} items; at most {FactLimits.ItemsPerQueryMax:N0} are possible.";

        var names = 0;
        for (var i = 0; i < items.Length; i++)
        {
            if ((items[i] is null ? "It is null." : Wrong(items[i])) is { } wrong) return $"items[{i}] of the query: {wrong}";
            names += items[i].Types.Count + items[i].Tags.Count;
        }

        return names > FactLimits.NamesPerQueryMax ? $"The query names {names:N0} types and tags; at most {FactLimits.NamesPerQueryMax:N0} are possible." : null;
    }

    public static string? Wrong(FactQueryItem item)
    {
        if (item.IsEmpty) return "It is empty: an item names a store, a type or a tag. FactQuery.All ('all' in text) selects everything.";
        if (item.Store is null && (item.Key ?? item.KeyPrefix) is not null) return $"It names a {(item.Key is null ? "key prefix" : "key")} without its store.";
        if (item.Key is not null && item.KeyPrefix is not null) return "It names both a key and a key prefix; one of them is possible.";
        if (item.Types.Count > FactLimits.TypesPerQueryItemMax)
            return $"It names {item.Types.Count:N0} types; at most {FactLimits.TypesPerQueryItemMax:N0} are possible.";
        if (item.Tags.Count > FactLimits.TagsPerQueryItemMax)
            return $"It names {item.Tags.Count:N0} tags; at most {FactLimits.TagsPerQueryItemMax:N0} are possible.";

        var wrong = (item.Store is null ? null : Store(item.Store))
            ?? (item.Key is null ? null : Key(item.Key))
            ?? (item.KeyPrefix is null ? null : KeyPrefix(item.KeyPrefix));
        for (var i = 0; i < item.Types.Count && wrong is null; i++) wrong = Type(item.Types[i]);
        for (var i = 0; i < item.Tags.Count && wrong is null; i++) wrong = Tag(item.Tags[i]);
        return wrong;
    }

    public static string? Store(string store) => NameCheck.StoreForReading(store);

    public static string? Key(string key) => NameCheck.Text("The key", key, 0, FactLimits.KeyBytesMax);

    public static string? KeyPrefix(string prefix) => NameCheck.Text("The key prefix", prefix, 0, FactLimits.KeyBytesMax);

    public static string? Type(string? type) => type is null ? "A type is null." : NameCheck.Text("The type", type, 1, FactLimits.TypeBytesMax);

    public static string? Tag(string? tag) => tag is null ? "A tag is null." : NameCheck.Text("The tag", tag, 1, FactLimits.TagBytesMax);
}
