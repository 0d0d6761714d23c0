namespace Factstone.Testing;

/// <summary>Whether facts match a query, in the simplest possible way.</summary>
public static class ModelQuery
{
    /// <summary>Whether a fact of this stream, type and tags matches any item.</summary>
    public static bool Matches(FactQuery query, NewFact fact)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(fact);
        return query.IsAll ? !fact.Stream.Store.StartsWith('$') : query.Any(item => Matches(item, fact));
    }

    static bool Matches(FactQueryItem item, NewFact fact) =>
        (item.Store is null ? !fact.Stream.Store.StartsWith('$') : item.Store == fact.Stream.Store)
        && (item.Key is null || item.Key == fact.Stream.Key)
        && (item.KeyPrefix is null || fact.Stream.Key.StartsWith(item.KeyPrefix, StringComparison.Ordinal))
        && (item.Types.Count == 0 || (fact.Type is not null && item.Types.Contains(fact.Type)))
        && item.Tags.All(fact.Tags.Contains);
}
