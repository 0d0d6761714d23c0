using Factstone.Testing;

namespace Factstone.Tests;

/// <summary>
/// Appends of every shape to a few streams, so that they interact: about half of the conditions hold, and ids are repeated.
/// </summary>
internal sealed class RandomAppends(Random random, ModelLedger model)
{
    static readonly string[] Stores = ["orders", "tasks", "é"];

    // Keys whose order differs between UTF-16 and UTF-8: U+1F600 is a surrogate pair, U+E000 and U+FFFD are not.
    public static readonly string[] Keys = ["", "a", "a/b", "ab", "b", "..", "$", "\uE000", "\uFFFD", "😀", "😀x", "é", "e\u0301"];

    static readonly string[] Values =
    [
        "1", "1.0", "1e0", " 1 ", "10", "-0", "0", "null", "true", "\"x\"", "\"\\u0078\"", """{"a":1,"b":[2,3]}""", """{"b":[2.0,3],"a":1}""", "[]", "1e400",
        "9007199254740993", "9007199254740992.0", "1e21", "1000000000000000000000", "123456789012345680000", "123456789012345680000.0", "{}",
    ];

    readonly List<AppendRequest> _sent = [];

    public static StreamName AnyStream(Random random) => new(random.Pick(Stores), random.Pick(Keys));

    public static string AnyStore(Random random) => random.Pick(Stores);

    public static CellName AnyCell(Random random) => new(random.Pick(["orders", "é"]), random.Pick(Keys));

    public AppendRequest Next()
    {
        if (_sent.Count > 0 && random.Next(10) == 0) return Again(random.Pick(_sent));

        NewCell[] cells = random.Next(3) == 0 ? [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyCell(random)).Distinct().Select(Cell)] : [];
        var request = new AppendRequest
        {
            Facts = cells.Length > 0 && random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(1, 8) : 1).Select(Fact)],
            Cells = cells,
            Conditions = [.. Enumerable.Range(0, random.Next(3) == 0 ? random.Next(1, 4) : random.Next(2)).Select(_ => random.Next(5) switch { 0 => CellCondition(), 1 => QueryCondition(), _ => Condition() })],
            AppendId = random.Next(3) == 0 ? $"id-{random.Next(40)}" : null,
        };
        if (request.AppendId is not null) _sent.Add(request);
        return request;
    }

    /// <summary>A retry with other metadata, or sometimes, by mistake, with other content.</summary>
    AppendRequest Again(AppendRequest before)
    {
        NewFact[] facts = [.. before.Facts.Select(fact => fact with { Metadata = """{"traceparent":"anew"}""", Correlation = "anew" })];
        if (random.Next(4) == 0 && facts.Length > 0) facts[random.Next(facts.Length)] = Fact(0);
        NewCell[] cells = [.. before.Cells];
        if (random.Next(4) == 0 && cells.Length > 0) cells[0] = Cell(cells[0].Cell);
        if (random.Next(4) == 0 && facts.Length > 0 && facts[0] is { ContentType: null, Payload.IsEmpty: false }) facts[0] = facts[0] with { Payload = (byte[])[(byte)' ', .. facts[0].Payload.Span] };
        return before with { Facts = facts, Cells = cells, OnRepeat = before.AppendId is not null && random.Next(3) == 0 ? RepeatPolicy.SameId : RepeatPolicy.SameContent };
    }

    NewCell Cell(CellName cell) => random.Next(4) == 0 ? NewCell.Delete(cell.Bucket, cell.Name) : NewCell.Put(cell.Bucket, cell.Name, random.Pick(Values));

    AppendCondition CellCondition()
    {
        var cell = AnyCell(random);
        return random.Next(3) switch
        {
            0 => AppendCondition.CellAbsent(cell.Bucket, cell.Name),
            1 => AppendCondition.CellAt(cell.Bucket, cell.Name, Math.Max(1, model.Version(cell).Value + (random.Next(3) == 0 ? random.Next(-1, 2) : 0))),
            _ => AppendCondition.CellEquals(cell.Bucket, cell.Name, model.ReadCell(cell) is { } latest && random.Next(3) > 0 ? latest.Proposed.Value : "1"u8.ToArray()),
        };
    }

    AppendCondition QueryCondition() => random.Next(4) == 0
        ? AppendCondition.NoMatch(AnyQuery(random))
        : AppendCondition.NoMatch(AnyQuery(random), new Position(random.NextInt64(Math.Max(0, model.Head.Value - 4), model.Head.Value + 1)));

    public static FactQuery AnyQuery(Random random) => random.Next(12) == 0 ? FactQuery.All : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyItem(random))];

    static FactQueryItem AnyItem(Random random)
    {
        var stream = AnyStream(random);
        string[] types = random.Next(3) == 0 ? ["set", "noted"] : random.Next(2) == 0 ? ["noted"] : [];
        string[] tags = [.. Keys.Where(key => key.Length > 0 && random.Next(10) == 0)];
        return random.Next(4) switch
        {
            0 => new() { Store = stream.Store, Key = stream.Key, Types = types },
            1 => new() { Store = stream.Store, KeyPrefix = stream.Key, Tags = tags },
            2 => new() { Store = stream.Store, Types = types, Tags = tags },
            _ when types.Length + tags.Length == 0 => new() { Types = ["set"] },
            _ => new() { Types = types, Tags = tags },
        };
    }

    NewFact Fact(int index)
    {
        var stream = AnyStream(random);
        var fact = random.Next(8) switch
        {
            0 => NewFact.Retraction(stream),
            1 => NewFact.WithoutPayload(stream, "noted"),
            2 => new NewFact(stream, null, (byte[])[.. Enumerable.Range(0, random.Next(300)).Select(_ => (byte)random.Next(256))]) { ContentType = "application/octet-stream" },
            3 => new NewFact(stream, null, random.Pick(Values)) { ContentType = "application/JSON" },
            _ => new NewFact(stream, random.Next(2) == 0 ? "set" : null, random.Pick(Values)),
        };
        return fact with
        {
            Tags = random.Next(3) == 0 ? [.. Keys.Where(key => key.Length > 0 && random.Next(3) == 0)] : [],
            ValidFrom = random.Next(4) == 0 ? new DateTimeOffset(1, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(random.Next()) : null,
            ValidTo = random.Next(4) == 0 ? DateTimeOffset.MaxValue.AddTicks(-random.Next()) : null,
            SchemaVersion = random.Next(4) == 0 ? random.NextInt64(1, long.MaxValue) : 1,
            CausationIndex = index > 0 && random.Next(2) == 0 ? random.Next(index) : null,
            Correlation = random.Next(4) == 0 ? "order 42" : null,
            Producer = random.Next(4) == 0 ? """{ "version" : 1.0, "name" : "shop" }""" : null,
            Derivation = random.Next(8) == 0 ? new Derivation("totals", 3, [Guid.NewGuid(), Guid.Empty]) : null,
            Metadata = random.Next(4) == 0 ? """{"user":"7"}""" : null,
        };
    }

    AppendCondition Condition()
    {
        var stream = AnyStream(random);
        var near = new StreamVersion(Math.Max(0, model.Version(stream).Value + (random.Next(3) == 0 ? random.Next(-2, 2) : 0)));
        return random.Next(6) switch
        {
            0 => AppendCondition.StreamAt(stream, near),
            1 => AppendCondition.StreamMissing(stream),
            2 => AppendCondition.StreamExists(stream),
            3 => AppendCondition.RecordAt(stream, Math.Max(1, near.Value)),
            4 => AppendCondition.RecordMissing(stream),
            _ => AppendCondition.RecordEquals(stream, random.Pick(Values)),
        };
    }
}

internal static class RandomPick
{
    public static T Pick<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
