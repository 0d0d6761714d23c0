namespace Factstone.Storage;

/// <summary>Facts and queries drawn from a seed, with few names, so that they match often.</summary>
sealed class RandomFacts(int seed)
{
    static readonly string[] Stores = ["a", "b", "bb", "$receipts", "$x"];
    static readonly string[] Keys = ["", "1", "12", "2", "key"];
    static readonly string[] Types = ["placed", "paid", "sent", "x"];
    static readonly string[] Tags = ["t1", "t2", "t3", "t4", "rare"];

    readonly Random _random = new(seed);

    public IReadOnlyList<IndexedFact> Facts(int count) =>
    [
        .. Enumerable.Range(1, count).Select(position => new IndexedFact(
            position, One(Stores), One(Keys), Chance(4) ? null : One(Types), [.. Tags.Where(tag => Chance(tag == "rare" ? 30 : 3))])),
    ];

    public FactQuery Query() => Chance(30) ? FactQuery.All : [.. Enumerable.Range(0, Chance(5) ? 40 : _random.Next(1, 4)).Select(_ => Item())];

    public (Position After, Position Until) Range(int count)
    {
        if (Chance(3)) return (Position.None, new Position(count));
        var after = _random.Next(count + 1);
        return (new Position(after), new Position(_random.Next(after, count + 1)));
    }

    public bool Chance(int of) => _random.Next(of) == 0;

    public long Between(long min, long max) => _random.NextInt64(min, max + 1);

    FactQueryItem Item()
    {
        while (true)
        {
            var store = Chance(2) ? One([.. Stores, "none"]) : null;
            var item = new FactQueryItem
            {
                Store = store,
                Key = store is not null && Chance(3) ? One(Keys) : null,
                Types = Chance(2) ? [] : Several([.. Types, "none"]),
                Tags = Chance(2) ? [] : Several(Tags),
            };
            if (store is not null && item.Key is null && Chance(2)) item = new() { Store = store, KeyPrefix = Chance(4) ? "" : One(Keys), Types = item.Types, Tags = item.Tags };
            if (!item.IsEmpty) return item;
        }
    }

    string One(string[] of) => of[_random.Next(of.Length)];

    string[] Several(string[] of) => [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => One(of))];
}
