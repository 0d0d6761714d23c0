namespace Factstone.Cli.Growth;

/// <summary>An open ledger of one size, and the operations on it.</summary>
/// <remarks>Each method draws its input first, and returns the operation and a check of its answers. A wrong answer ends the measurement.</remarks>
internal sealed class GrowthLedger : IAsyncDisposable
{
    readonly Ledger _ledger;
    readonly GrowthFacts _facts;
    readonly Random _random;
    readonly HashSet<long> _used = [];
    readonly DateTimeOffset _firstTime;
    readonly DateTimeOffset _lastTime;
    long _appended;

    GrowthLedger(Ledger ledger, GrowthFacts facts, int seed, DateTimeOffset firstTime, DateTimeOffset lastTime) =>
        (_ledger, _facts, _random, _firstTime, _lastTime) = (ledger, facts, new Random(seed), firstTime, lastTime);

    public GrowthSize Size => _facts.Size;

    public Ledger Ledger => _ledger;

    public static async Task<GrowthLedger> OpenAsync(string directory, GrowthSize size, int seed, CancellationToken ct)
    {
        var ledger = await Ledger.OpenAsync(directory, cancellationToken: ct);
        try
        {
            var first = await ledger.ReadAtAsync(new Position(1), ct);
            var last = await ledger.ReadAtAsync(new Position(size.Facts), ct);
            if (first is null || last is null) throw new InvalidDataException($"The ledger in '{directory}' has fewer than {size.Facts:N0} facts.");
            var opened = new GrowthLedger(ledger, new GrowthFacts(size), seed, first.RecordedAt, last.RecordedAt);

            // A ledger that was kept contains appends of earlier runs.
            opened._appended = (await ledger.GetHeadAsync(ct)).Value - size.Facts;
            return opened;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    public GrowthWork Latest(int times)
    {
        var streams = new StreamName[times];
        for (var i = 0; i < times; i++) streams[i] = _facts.StreamOf(DrawFact());
        var facts = new Fact?[times];
        return new GrowthWork(
            async () =>
            {
                for (var i = 0; i < times; i++) facts[i] = await _ledger.ReadLatestAsync(streams[i]);
            },
            () =>
            {
                for (var i = 0; i < times; i++) Check(facts[i], streams[i], Position.None, Position.None);
            });
    }

    public GrowthWork AsOfPosition(int times)
    {
        var draws = new (StreamName Stream, Position First, Position AsOf)[times];
        for (var i = 0; i < times; i++)
        {
            // The key has a fact at or before the point, so there is an answer.
            var number = DrawFact();
            draws[i] = (_facts.StreamOf(number), new Position(number + 1), new Position(_random.NextInt64(number + 1, Size.Facts + 1)));
        }

        var facts = new Fact?[times];
        return new GrowthWork(
            async () =>
            {
                for (var i = 0; i < times; i++) facts[i] = await _ledger.ReadLatestAsync(draws[i].Stream, draws[i].AsOf);
            },
            () =>
            {
                for (var i = 0; i < times; i++) Check(facts[i], draws[i].Stream, draws[i].First, draws[i].AsOf);
            });
    }

    public GrowthWork AsOfTime(int times)
    {
        var draws = new (StreamName Stream, DateTimeOffset AsOf)[times];
        for (var i = 0; i < times; i++)
            draws[i] = (_facts.StreamOf(DrawFact()), _firstTime + TimeSpan.FromMicroseconds(_random.NextInt64((long)(_lastTime - _firstTime).TotalMicroseconds + 1)));
        var facts = new Fact?[times];
        return new GrowthWork(
            async () =>
            {
                for (var i = 0; i < times; i++) facts[i] = await _ledger.ReadLatestAsync(draws[i].Stream, LedgerTime.RecordedBy(draws[i].AsOf));
            },
            () =>
            {
                for (var i = 0; i < times; i++)
                {
                    // The key may have no fact by that time.
                    if (facts[i] is not { } fact) continue;
                    Check(fact, draws[i].Stream, Position.None, Position.None);
                    if (fact.RecordedAt > draws[i].AsOf) throw Wrong(draws[i].Stream);
                }
            });
    }

    public GrowthWork AsOfLongStream(int longStream, int times)
    {
        var versions = Size.LongStreams[longStream];
        var stream = GrowthFacts.LongStream(versions);
        var draws = new (Position AsOf, StreamVersion Version)[times];
        for (var i = 0; i < times; i++)
        {
            var asOf = new Position(_random.NextInt64((Size.Facts / versions) + GrowthFacts.FactsPerSlot, Size.Facts + 1));
            draws[i] = (asOf, new StreamVersion(_facts.VersionsUntil(longStream, asOf)));
        }

        var facts = new Fact?[times];
        return new GrowthWork(
            async () =>
            {
                for (var i = 0; i < times; i++) facts[i] = await _ledger.ReadLatestAsync(stream, draws[i].AsOf);
            },
            () =>
            {
                for (var i = 0; i < times; i++)
                {
                    Check(facts[i], stream, new Position(1), draws[i].AsOf);
                    if (facts[i]!.StreamVersion != draws[i].Version) throw Wrong(stream);
                }
            });
    }

    public GrowthWork PageOfKeys(int times)
    {
        var pages = new ListOptions[times];
        for (var i = 0; i < times; i++)
            pages[i] = new ListOptions { After = GrowthFacts.Key(_random.NextInt64(Math.Max(1, Size.Keys - (2 * GrowthOperation.PageKeys)))).Key, Limit = GrowthOperation.PageKeys };
        return new GrowthWork(async () =>
        {
            foreach (var page in pages)
            {
                var last = page.After!;
                await foreach (var key in _ledger.ListStreamsAsync(GrowthFacts.Store, page))
                {
                    if (string.CompareOrdinal(key.Stream.Key, last) <= 0 || key.Version == StreamVersion.None) throw Wrong(key.Stream);
                    last = key.Stream.Key;
                }
            }
        });
    }

    public GrowthWork Append(int times)
    {
        var requests = new AppendRequest[times];
        for (var i = 0; i < times; i++) requests[i] = new AppendRequest(_facts.Next(DrawColdKey(), Size.Facts + _appended++));
        return new GrowthWork(() => AppendAsync(requests));
    }

    public GrowthWork AppendUnlessMatch(int times)
    {
        var requests = new AppendRequest[times];
        for (var i = 0; i < times; i++)
        {
            // The fact has other tags than the query, so the same two tags may be drawn again.
            requests[i] = new AppendRequest(_facts.Next(DrawColdKey(), Size.Facts + _appended++))
            {
                Conditions = [AppendCondition.NoMatch(FactQuery.Tags(_facts.TagsThatNeverMeet(_random)))],
            };
        }

        return new GrowthWork(() => AppendAsync(requests));
    }

    public GrowthWork AppendNew(int times)
    {
        var requests = new AppendRequest[times];
        for (var i = 0; i < times; i++)
        {
            var number = _appended++;
            requests[i] = new AppendRequest(_facts.Next(GrowthFacts.NewKey(number), Size.Facts + number)) { Conditions = [AppendCondition.StreamMissing(GrowthFacts.NewKey(number))] };
        }

        return new GrowthWork(() => AppendAsync(requests));
    }

    async Task AppendAsync(AppendRequest[] requests)
    {
        foreach (var request in requests) (await _ledger.TryAppendAsync(request)).EnsureCommittedOrDuplicate();
    }

    /// <summary>The number of a loaded fact that belongs to no long stream.</summary>
    long DrawFact()
    {
        while (true)
        {
            var number = _random.NextInt64(Size.Facts);
            if (!_facts.IsInLongStream(number)) return number;
        }
    }

    /// <summary>A key without an append since the open, as long as there are any. Its head is not in memory, at any size.</summary>
    StreamName DrawColdKey()
    {
        if (_used.Count >= Size.Keys - (Size.Keys / 10)) _used.Clear();
        while (true)
        {
            var key = _facts.KeyOf(DrawFact());
            if (_used.Add(key)) return GrowthFacts.Key(key);
        }
    }

    void Check(Fact? fact, StreamName stream, Position first, Position asOf)
    {
        if (fact is null || fact.Stream != stream || fact.Position < first || (asOf > Position.None && fact.Position > asOf)) throw Wrong(stream);
        if (fact.Position.Value <= Size.Facts && !fact.Payload.Span.SequenceEqual(GrowthFacts.Payload(fact.Position.Value - 1))) throw Wrong(stream);
    }

    InvalidDataException Wrong(StreamName stream) => new($"At {Size.Facts:N0} facts {stream} was answered wrongly.");
}
