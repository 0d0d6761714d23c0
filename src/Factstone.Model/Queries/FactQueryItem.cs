namespace Factstone;

/// <summary>One item of a <see cref="FactQuery"/>. It matches the facts that have everything that it names. It must name at least one thing.</summary>
/// <remarks>
/// Checked when it is used, not when it is created; <see cref="FactLimits"/> has the limits. Immutable: lists are copied.
/// Facts of stores that start with <c>$</c> match only if <see cref="Store"/> names the store.
/// </remarks>
public sealed class FactQueryItem : IEquatable<FactQueryItem>
{
    /// <summary>The only item of <see cref="FactQuery.All"/>.</summary>
    internal static readonly FactQueryItem Everything = new();

    readonly string[] _types = [];
    readonly string[] _tags = [];

    /// <summary>The store of the facts; null for any.</summary>
    public string? Store { get; init; }

    /// <summary>The key of their stream, which may be empty; null for any. Needs <see cref="Store"/>.</summary>
    public string? Key { get; init; }

    /// <summary>The beginning of the key of their stream; null for any. Needs <see cref="Store"/>, and excludes <see cref="Key"/>.</summary>
    public string? KeyPrefix { get; init; }

    /// <summary>The facts have any of these types; empty for facts with any type or none.</summary>
    public IReadOnlyList<string> Types
    {
        get => _types;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _types = [.. value];
        }
    }

    /// <summary>The facts have all of these tags; empty for any tags.</summary>
    public IReadOnlyList<string> Tags
    {
        get => _tags;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _tags = [.. value];
        }
    }

    internal bool IsEverything => ReferenceEquals(this, Everything);

    /// <summary>How many stores, types and tags it names; at least 1.</summary>
    internal int NameCount => Math.Max(1, (Store is null ? 0 : 1) + _types.Length + _tags.Length);

    internal bool IsEmpty => !IsEverything && Store is null && Key is null && KeyPrefix is null && _types.Length == 0 && _tags.Length == 0;

    /// <summary>Whether facts of a stream can match.</summary>
    internal bool MayMatch(string store, string key) =>
        (Store is null ? !IsHidden(store) : store == Store)
        && (Key is null || key == Key)
        && (KeyPrefix is null || key.StartsWith(KeyPrefix, StringComparison.Ordinal));

    /// <summary>Does not allocate.</summary>
    internal bool Matches(string store, string key, string? type, ReadOnlySpan<string> tags)
    {
        if (!MayMatch(store, key)) return false;
        if (_types.Length > 0 && (type is null || !_types.AsSpan().Contains(type))) return false;
        foreach (var tag in _tags)
            if (!tags.Contains(tag)) return false;
        return true;
    }

    /// <summary>Whether facts of the store match only items that name the store.</summary>
    internal static bool IsHidden(string store) => store is ['$', ..];

    /// <summary>Whether both name the same things, in the same order.</summary>
    public bool Equals(FactQueryItem? other) =>
        other is not null && IsEverything == other.IsEverything && Store == other.Store && Key == other.Key && KeyPrefix == other.KeyPrefix
        && _types.AsSpan().SequenceEqual(other._types) && _tags.AsSpan().SequenceEqual(other._tags);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FactQueryItem);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Store);
        hash.Add(Key);
        hash.Add(KeyPrefix);
        foreach (var type in _types) hash.Add(type);
        hash.Add(_types.Length);
        foreach (var tag in _tags) hash.Add(tag);
        return hash.ToHashCode();
    }

    /// <summary>The text form, such as <c>store=orders type=placed,paid tag=vip</c>; see docs/cli.md, "Queries".</summary>
    public override string ToString() => FactQueryText.Of(this);
}
