using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Selects the facts that match any of its items. Only <see cref="All"/> selects every fact.</summary>
/// <remarks>
/// <para>Written as a list: <c>FactQuery boundary = [new() { Types = ["placed"], Tags = ["course:c1"] }, new() { Store = "courses" }];</c></para>
/// <para>Checked when it is used, not when it is created. A query without items, an item that names nothing, and anything that
/// exceeds <see cref="FactLimits"/> are then refused with an <see cref="ArgumentException"/>. Immutable.</para>
/// <para>Facts of stores that start with <c>$</c> match only an item that names their store, so <see cref="All"/> leaves them out.</para>
/// </remarks>
[CollectionBuilder(typeof(FactQuery), nameof(Create))]
[SuppressMessage("Naming", "CA1710", Justification = "It is a query that is written as a list, not a collection of facts.")]
public sealed class FactQuery : IReadOnlyList<FactQueryItem>, IEquatable<FactQuery>
{
    /// <summary>Every fact except those of stores that start with <c>$</c>; in text <c>all</c>.</summary>
    public static readonly FactQuery All = new([FactQueryItem.Everything]);

    readonly FactQueryItem[] _items;
    readonly bool _asksForTags;
    string? _wrong;
    volatile bool _isChecked;

    FactQuery(FactQueryItem[] items)
    {
        _items = items;
        foreach (var item in items)
        {
            _asksForTags |= item?.Tags.Count > 0;
            NameCount += item?.NameCount ?? 0;
        }
    }

    /// <summary>A query of these items; <see cref="All"/> if one of them is its item.</summary>
    public static FactQuery Create(params ReadOnlySpan<FactQueryItem> items) => items.Contains(FactQueryItem.Everything) ? All : new(items.ToArray());

    /// <summary>The facts of a store. A store that starts with <c>$</c> can be named, too.</summary>
    public static FactQuery Store(string store) => new([new() { Store = store }]);

    /// <summary>The facts of a stream.</summary>
    public static FactQuery Stream(StreamName stream) => new([new() { Store = stream.Store, Key = stream.Key }]);

    /// <summary>The facts that have any of these types.</summary>
    public static FactQuery Types(params ReadOnlySpan<string> types) => new([new() { Types = types.ToArray() }]);

    /// <summary>The facts that have all of these tags.</summary>
    public static FactQuery Tags(params ReadOnlySpan<string> tags) => new([new() { Tags = tags.ToArray() }]);

    /// <summary>Reads the text form, such as <c>store=orders type=placed,paid | tag="a b"</c>; see docs/cli.md, "Queries".</summary>
    /// <exception cref="FormatException">The text is not a query, or a query that would be refused; the message says where and why.</exception>
    public static FactQuery Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var query, out var error) ? query : throw new FormatException(error);
    }

    /// <summary>Reads the text form. False if the text is not a query, or is one that would be refused; the error says where and why.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out FactQuery? query, [NotNullWhen(false)] out string? error) =>
        FactQueryParser.TryParse(text, out query, out error);

    /// <summary>Whether this is <see cref="All"/>.</summary>
    public bool IsAll => ReferenceEquals(this, All);

    /// <summary>The number of items; <see cref="All"/> has one.</summary>
    public int Count => _items.Length;

    /// <summary>One of the items, from 0.</summary>
    public FactQueryItem this[int index] => _items[index];

    /// <summary>Whether a fact matches any of the items.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    public bool Matches(Fact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ThrowIfWrong(parameter: null);
        return Matches(fact.Stream.Store, fact.Stream.Key, fact.Type, _asksForTags ? fact.TagArray : []);
    }

    /// <summary>The same for a checked query.</summary>
    internal bool Matches(in FactView fact)
    {
        if (IsAll) return !NameCheck.IsOwn(fact.StoreUtf8);
        var stream = fact.Stream;
        return Matches(stream.Store, stream.Key, fact.Type, _asksForTags ? fact.TagArray : []);
    }

    /// <summary>The same for a checked query. Does not allocate.</summary>
    internal bool Matches(string store, string key, string? type, ReadOnlySpan<string> tags)
    {
        foreach (var item in _items)
            if (item.Matches(store, key, type, tags)) return true;
        return false;
    }

    /// <summary>Whether facts of a stream can match a checked query.</summary>
    internal bool MayMatch(StreamName stream)
    {
        foreach (var item in _items)
            if (item.MayMatch(stream.Store, stream.Key)) return true;
        return false;
    }

    /// <summary>The items, without a call through an interface.</summary>
    internal ReadOnlySpan<FactQueryItem> Items => _items;

    /// <summary>The number of names in it, a rough measure of its cost; at least 1 for each item.</summary>
    internal int NameCount { get; }

    /// <summary>Why the query is refused; null if it is not. Computed once.</summary>
    internal string? Wrong
    {
        get
        {
            if (!_isChecked)
            {
                _wrong = FactQueryCheck.Wrong(this);
                _isChecked = true;
            }

            return _wrong;
        }
    }

    /// <exception cref="ArgumentException">The query is refused.</exception>
    internal void ThrowIfWrong(string? parameter)
    {
        if (Wrong is { } wrong) throw new ArgumentException(wrong, parameter);
    }

    /// <summary>Whether both have equal items in the same order.</summary>
    public bool Equals(FactQuery? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FactQuery);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in _items) hash.Add(item);
        return hash.ToHashCode();
    }

    /// <summary>The text form, which <see cref="Parse"/> reads.</summary>
    public override string ToString() => FactQueryText.Of(this);

    /// <inheritdoc/>
    public IEnumerator<FactQueryItem> GetEnumerator() => ((IEnumerable<FactQueryItem>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
