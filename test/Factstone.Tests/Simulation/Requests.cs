using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Factstone.Tests.Simulation;

/// <summary>
/// Draws appends of every shape. The correlation of each fact names its request, so that a recovered fact is recognised. An append without
/// facts is recognised by its id.
/// </summary>
internal sealed class Requests(Random random, RequestShape shape = RequestShape.Usual)
{
    static readonly string[] Stores = ["orders", "tasks", "ä"];

    readonly List<AppendRequest> _all = [];
    readonly CellRequests _cells = new(random);
    int _largeLeft = shape == RequestShape.Large ? 1 : 0;
    int _bulkLeft = shape == RequestShape.ManyTerms ? 3 : 1;

    public IReadOnlyList<AppendRequest> All => _all;

    /// <summary>The number of a request. Two requests with the same content have different numbers.</summary>
    public int IndexOf(AppendRequest request) => _all.FindIndex(one => ReferenceEquals(one, request));

    public StreamName Stream() => shape == RequestShape.FewStreams && random.Next(4) > 0 ? new StreamName(Stores[0], $"k{random.Next(2)}") : new(Stores[random.Next(Stores.Length)], random.Next(8) == 0 ? "" : $"k{random.Next(6)}");

    public AppendRequest Draw(ModelFacts model)
    {
        var number = _all.Count.ToString(CultureInfo.InvariantCulture);
        var known = model.Appends.Count > 0 && random.Next(12) == 0 ? model.Appends.Values.ElementAt(random.Next(model.Appends.Count)).Request : null;
        known ??= random.Next(12) == 0 ? Recent() : null;
        var isAgain = known is not null && random.Next(3) > 0;
        var hasCellsOnly = known is null && random.Next(6) == 0;
        NewCell[] cells = isAgain ? [.. known!.Cells] : hasCellsOnly ? _cells.Draw(1) : random.Next(4) == 0 ? _cells.Draw(0) : [];
        var request = new AppendRequest
        {
            Facts = isAgain ? Again(known!, number) : hasCellsOnly ? [] : Facts(number),
            Cells = cells,
            AppendId = known?.AppendId ?? (hasCellsOnly || random.Next(3) == 0 ? $"id-{number}" : null),
            OnRepeat = known is not null && random.Next(3) == 0 ? RepeatPolicy.SameId : RepeatPolicy.SameContent,
            Conditions = random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Condition(model))],
        };
        _all.Add(request);
        return request;
    }

    /// <summary>Returns the number of a request that a decider may make. Its facts have the number as their correlation.</summary>
    public int Reserve()
    {
        _all.Add(new AppendRequest());
        return _all.Count - 1;
    }

    /// <summary>Records the request that has a number.</summary>
    public void Record(AppendRequest request) => _all[int.Parse(request.Facts[0].Correlation!, CultureInfo.InvariantCulture)] = request;

    /// <summary>One of the last requests, which may still be in flight. Those of cells only are left out: nothing but their id would tell two of them apart after a crash.</summary>
    AppendRequest? Recent() => _all.TakeLast(4).LastOrDefault(static request => request is { AppendId: not null, Facts.Count: > 0 });

    /// <summary>The same content under the same id. The metadata may differ, as a retry's trace does, and the JSON may be spelled differently.</summary>
    NewFact[] Again(AppendRequest known, string number) => [.. known.Facts.Select(fact => fact with
    {
        Correlation = number,
        Metadata = random.Next(2) == 0 ? fact.Metadata : """{"traceparent":"00-2"}""",
        Payload = fact is { ContentType: null, Payload.IsEmpty: false } && random.Next(2) == 0 ? Respelled(fact.Payload) : fact.Payload,
    })];

    /// <summary>The same JSON: with white space, with its members in another order, or with an escape.</summary>
    static byte[] Respelled(ReadOnlyMemory<byte> json)
    {
        var text = Encoding.UTF8.GetString(json.Span);
        using var parsed = JsonDocument.Parse(json);
        if (parsed.RootElement.ValueKind == JsonValueKind.Object)
            text = $"{{ {string.Join(" , ", parsed.RootElement.EnumerateObject().Reverse().Select(static member => $"\"{member.Name}\":{member.Value.GetRawText()}"))} }}";
        else if (text is ['"', var first, ..]) text = $"\"\\u{(int)first:x4}{text[2..]}";
        return Encoding.UTF8.GetBytes($"\t{text}\n");
    }

    NewFact[] Facts(string number)
    {
        // Occasionally an append has so many terms that its run has several blocks.
        if (_bulkLeft > 0 && random.Next(shape == RequestShape.ManyTerms ? 40 : 150) == 0) return Bulk(number);
        if (_largeLeft > 0 && random.Next(60) == 0) return Large(number);

        var count = random.Next(8) switch { 0 => random.Next(2, 30), < 4 => random.Next(2, 6), _ => 1 };
        var facts = new NewFact[count];
        var same = Stream();
        for (var i = 0; i < count; i++)
        {
            var stream = random.Next(3) == 0 ? same : Stream();
            var cause = i > 0 && random.Next(4) == 0 ? random.Next(i) : (int?)null;
            facts[i] = (random.Next(6) == 0 ? Gone(stream) : Written(stream, i)) with { Correlation = number, CausationIndex = cause };
        }

        return facts;
    }

    NewFact[] Bulk(string number)
    {
        _bulkLeft--;
        return [.. Enumerable.Range(0, shape == RequestShape.ManyTerms ? 900 : 300).Select(i => new NewFact(Stream(), "bulk", "1") { Correlation = number, Tags = [$"bulk:{number}:{i}"] })];
    }

    /// <summary>An append larger than the buffer that the writer keeps for the next group.</summary>
    NewFact[] Large(string number)
    {
        _largeLeft--;
        return [.. Enumerable.Range(0, 3).Select(i => new NewFact(Stream(), "large", Encoding.UTF8.GetBytes($"\"{new string((char)('a' + i), 3_000_000)}\"")) { Correlation = number })];
    }

    NewFact Gone(StreamName stream) => random.Next(2) == 0 ? NewFact.Retraction(stream, "gone") : new NewFact(stream, "gone", """{"total":1}""") { Retracts = true };

    NewFact Written(StreamName stream, int index) => random.Next(10) switch
    {
        0 => NewFact.WithoutPayload(stream, "note"),
        1 => new NewFact(stream, null, Bytes(random.Next(64))) { ContentType = "application/octet-stream" },
        2 => new NewFact(stream, "large", Encoding.UTF8.GetBytes($"\"{new string((char)random.Next('a', 'z'), random.Next(1_000, 20_000))}\"")),
        _ => new NewFact(stream, "placed", $$"""{"total": {{random.Next(4)}}, "line": {{index}}}""")
        {
            Tags = random.Next(3) == 0 ? ["course:c1", $"n:{random.Next(4)}"] : [],
            Metadata = random.Next(3) == 0 ? """{"traceparent":"00-1"}""" : null,
            ValidFrom = random.Next(4) == 0 ? new DateTimeOffset(2020, 1, 1 + random.Next(28), 0, 0, 0, TimeSpan.Zero) : null,
        },
    };

    byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    public CellName Cell() => _cells.Name();

    /// <summary>Draws a query. Most are narrow, so that about half of the conditions on them hold.</summary>
    public FactQuery Query()
    {
        var stream = Stream();
        return random.Next(8) switch
        {
            0 => FactQuery.Stream(stream),
            1 => [new() { Store = stream.Store, KeyPrefix = "k", Types = ["note"] }],
            2 => FactQuery.Tags("course:c1", $"n:{random.Next(4)}"),
            3 => [new() { Types = ["placed", "gone"], Tags = [$"n:{random.Next(4)}"] }, new() { Types = ["note"] }],
            4 => [new() { Store = stream.Store, Tags = ["course:c1"] }, new() { Store = stream.Store, Key = stream.Key, Types = ["gone"] }],
            5 => FactQuery.Types("large"),
            6 => FactQuery.Store(stream.Store),
            _ => FactQuery.All,
        };
    }

    /// <summary>
    /// Draws the condition of a caller that has read to the end or nearly so, or the condition that no fact matches at all.
    /// </summary>
    AppendCondition QueryCondition(ModelFacts model) => random.Next(5) == 0
        ? AppendCondition.NoMatch(FactQuery.Tags($"n:{random.Next(4)}", "none"[..random.Next(1, 5)]))
        : AppendCondition.NoMatch(Query(), new Position(Math.Max(0, model.Head - (random.Next(2) == 0 ? random.Next(12) : 0))));

    AppendCondition Condition(ModelFacts model)
    {
        if (random.Next(4) == 0) return _cells.Condition(model);
        if (random.Next(3) == 0) return QueryCondition(model);
        var stream = Stream();
        var last = model.LastAt(stream, model.Head);
        var version = Math.Max(0, (last?.Version ?? 0) + (random.Next(5) == 0 ? random.Next(-1, 2) : 0));
        return random.Next(6) switch
        {
            0 => AppendCondition.StreamMissing(stream),
            1 => AppendCondition.StreamExists(stream),
            2 => AppendCondition.RecordAt(stream, Math.Max(1, version)),
            3 => AppendCondition.RecordMissing(stream),
            4 => AppendCondition.RecordEquals(stream, last is { Fact: { ContentType: null, Payload.IsEmpty: false } fact } ? Encoding.UTF8.GetString(fact.Payload.Span).Replace(" ", "", StringComparison.Ordinal) : "1"),
            _ => AppendCondition.StreamAt(stream, version),
        };
    }
}
