namespace Factstone;

/// <summary>Whether definitions can be kept together, decided before a ledger is opened with them.</summary>
internal static class ProjectionCheck
{
    /// <exception cref="ArgumentException">A definition cannot be kept; the message says why.</exception>
    public static void Check(IReadOnlyList<Projection> inline, IReadOnlyList<Projection> background)
    {
        ArgumentNullException.ThrowIfNull(inline);
        ArgumentNullException.ThrowIfNull(background);
        var known = new Dictionary<string, Projection>(StringComparer.Ordinal);
        foreach (var definition in inline.Concat(background))
        {
            if (definition is null) throw new ArgumentException("A projection is null.");
            if (known.TryGetValue(definition.Name, out var other))
            {
                throw new ArgumentException(other.Version == definition.Version
                    ? $"There are two definitions of projection '{definition.Name}', version {definition.Version}. Keep one of them, in InlineProjections or in AsyncProjections."
                    : $"Projection '{definition.Name}' has versions {other.Version} and {definition.Version} here. Keep the newest only, which names the one before it by Replaces.");
            }

            known.Add(definition.Name, definition);
            for (var one = definition; one is not null; one = one.Replaces) CheckOne(one);
        }
    }

    static void CheckOne(Projection definition)
    {
        if (definition.WhyNotKept() is { } wrong) throw new ArgumentException($"Projection '{definition.Name}', version {definition.Version}, cannot be kept. {wrong}");
        if (definition.Replaces is not { } before) return;
        if (before.Name != definition.Name) throw new ArgumentException($"Projection '{definition.Name}', version {definition.Version}, replaces one of another name, '{before.Name}'. A version replaces an earlier one of the same name.");
        if (before.Version >= definition.Version) throw new ArgumentException($"Projection '{definition.Name}', version {definition.Version}, replaces version {before.Version}, which is not a lower one.");
    }
}
