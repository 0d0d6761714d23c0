namespace Factstone;

/// <summary>The facts of one stream that a read selects. Bounds by version, recorded time and type become positions, which the index finds; valid times are compared fact by fact.</summary>
internal readonly struct StreamSelection
{
    readonly IFactReading _storage;
    readonly StreamName _stream;
    readonly StreamReadOptions _options;
    readonly Position _after;
    readonly Position _until;

    /// <param name="storage">The storage.</param>
    /// <param name="stream">A checked name.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="until">The point of the read.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="LedgerDamagedException">It is unknown when a damaged fact was recorded, and a bound depends on it.</exception>
    public StreamSelection(IFactReading storage, StreamName stream, StreamReadOptions options, Position until, CancellationToken cancellationToken)
    {
        (_storage, _stream, _options, _until) = (storage, stream, options, until);
        if (options.RecordedFrom is { } from) _after = storage.PositionAt(Microseconds.AtOrAfter(from) - 1, cancellationToken);
        if (options.RecordedThrough is { } through && storage.PositionAt(Microseconds.From(through), cancellationToken) is var end && end < until) _until = end;
    }

    StreamSelection(StreamSelection other, StreamReadOptions options) =>
        (_storage, _stream, _options, _after, _until) = (other._storage, other._stream, options, other._after, other._until);

    bool IsEmpty => _options.VersionMin > _options.VersionMax;

    /// <summary>Whether the stream's own list is enough. It can be entered at a version, but not at a position or a type; for these, the stream is read by query.</summary>
    bool IsByVersion => _after == Position.None && _options.Types.Count == 0;

    /// <summary>The facts that are held. What was dropped is reported, but not looked up.</summary>
    public IEnumerable<Fact> Read(DroppedFilter? dropped, CancellationToken cancellationToken)
    {
        if (IsEmpty) return [];
        var through = dropped?.Through(_stream) ?? StreamVersion.None;
        return _options.VersionMin > through.Value ? All(cancellationToken) : Held(through, dropped!, cancellationToken);
    }

    IEnumerable<Fact> Held(StreamVersion through, DroppedFilter dropped, CancellationToken cancellationToken)
    {
        // Dropped facts come first when reading forward, and last when reading backward.
        if (!_options.Backward) ReportDropped(through, dropped, cancellationToken);
        foreach (var fact in Above(through).All(cancellationToken)) yield return fact;
        if (_options.Backward) ReportDropped(through, dropped, cancellationToken);
    }

    IEnumerable<Fact> All(CancellationToken cancellationToken)
    {
        if (IsEmpty) return [];
        var facts = IsByVersion
            ? _storage.ReadStream(_stream, _options.From, _until, _options.Backward, cancellationToken)
            : Range(cancellationToken) is var (after, until) ? _storage.ReadQuery(Query, after, until, _options.Backward, cancellationToken) : [];
        return _options.Through is null && !_options.HasValidBounds ? facts : Within(facts, _options);
    }

    /// <summary>Also visits dropped facts: a fold stops at them.</summary>
    public void Fold(FactVisitor visitor, CancellationToken cancellationToken)
    {
        if (IsEmpty) return;
        if (_options.Through is not null || _options.HasValidBounds) visitor = new BoundVisitor(_options, visitor);
        if (IsByVersion) _storage.FoldStream(_stream, _options.From, _until, _options.Backward, visitor, cancellationToken);
        else if (Range(cancellationToken) is var (after, until)) _storage.FoldQuery(Query, after, until, _options.Backward, visitor, cancellationToken);
    }

    /// <summary>The number of facts that are held.</summary>
    public long Count(DroppedFilter? dropped, CancellationToken cancellationToken)
    {
        if (IsEmpty) return 0;
        var through = dropped?.Through(_stream) ?? StreamVersion.None;
        if (_options.VersionMin > through.Value) return Count(cancellationToken);
        ReportDropped(through, dropped!, cancellationToken);
        return Above(through).Count(cancellationToken);
    }

    long Count(CancellationToken cancellationToken)
    {
        if (_options.HasValidBounds)
        {
            var counted = new Fold<long>(0, static (ref count, in _) => ++count > 0, _options.Limit);
            Fold(counted, cancellationToken);
            return counted.State;
        }

        if (IsEmpty || Range(cancellationToken) is not var (after, until)) return 0;
        return Math.Min(_storage.CountQuery(Query, after, until, cancellationToken), _options.Limit ?? long.MaxValue);
    }

    void ReportDropped(StreamVersion through, DroppedFilter dropped, CancellationToken cancellationToken)
    {
        if (_options.Dropped is not null && SelectsDropped(through, cancellationToken)) dropped.Report(_stream);
    }

    /// <summary>Whether there is a dropped fact within the bounds.</summary>
    bool SelectsDropped(StreamVersion through, CancellationToken cancellationToken)
    {
        var (first, last) = (new StreamVersion(_options.VersionMin), new StreamVersion(Math.Min(through.Value, _options.VersionMax)));
        if (_storage.ExtentOf(_stream, first, last, cancellationToken).First is var position && (position == Position.None || position > _until)) return false;
        if (IsByVersion && !_options.HasValidBounds) return true;
        try
        {
            return new StreamSelection(this, _options with { Backward = false, From = first, Through = last }).All(cancellationToken).Any();
        }
        catch (LedgerDamagedException)
        {
            // A damaged fact that nobody can read any more is no reason to fail the read of what is held.
            return true;
        }
    }

    /// <summary>The same bounds, without the versions through this one.</summary>
    StreamSelection Above(StreamVersion through) =>
        new(this, _options.Backward ? _options with { Through = through.Next() } : _options with { From = through.Next() });

    FactQuery Query => [new() { Store = _stream.Store, Key = _stream.Key, Types = _options.Types }];

    /// <summary>The positions after and up to which the facts are, with the bounds by version; null if there is no fact within these. A bound by version costs a read of one fact.</summary>
    (Position After, Position Until)? Range(CancellationToken cancellationToken)
    {
        var (after, until) = (_after, _until);
        if (_options.VersionMin > 1)
        {
            if (First(_options.VersionMin, backward: false, cancellationToken) is not { } first) return null;
            if (first.Value - 1 > after.Value) after = new Position(first.Value - 1);
        }

        if (_options.VersionMax < long.MaxValue)
        {
            if (First(_options.VersionMax, backward: true, cancellationToken) is not { } last) return null;
            if (last < until) until = last;
        }

        return (after, until);
    }

    Position? First(long version, bool backward, CancellationToken cancellationToken) =>
        _storage.ReadStream(_stream, version, _until, backward, cancellationToken).FirstOrDefault()?.Position;

    static IEnumerable<Fact> Within(IEnumerable<Fact> facts, StreamReadOptions options)
    {
        foreach (var fact in facts)
        {
            if (IsBeyondEnd(options, fact.StreamVersion)) yield break;
            if (!options.HasValidBounds || options.IsWithin(fact.ValidFrom ?? fact.RecordedAt)) yield return fact;

            // The fact after the last one is not read: it may be damaged.
            if (IsAtEnd(options, fact.StreamVersion)) yield break;
        }
    }

    static bool IsBeyondEnd(StreamReadOptions options, StreamVersion version) => options.Backward ? version.Value < options.VersionMin : version.Value > options.VersionMax;

    static bool IsAtEnd(StreamReadOptions options, StreamVersion version) => options.Backward ? version.Value == options.VersionMin : version.Value == options.VersionMax;

    /// <summary>Passes on the facts within the bounds.</summary>
    sealed class BoundVisitor(StreamReadOptions options, FactVisitor inner) : FactVisitor
    {
        public override bool Visit(in FactView fact)
        {
            if (IsBeyondEnd(options, fact.StreamVersion)) return false;
            var isWithin = !options.HasValidBounds || options.IsWithin(fact.ValidFrom ?? fact.RecordedAt);
            return (!isWithin || inner.Visit(fact)) && !IsAtEnd(options, fact.StreamVersion);
        }
    }
}
