using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;

namespace Factstone;

/// <summary>What System.Text.Json writes is the JSON of docs/cli.md, by reflection and by a generated context, and never the salt.</summary>
public sealed class LedgerJsonTests
{
    const string Id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    const string FactText =
        """{"store":"orders","key":"42","version":3,"position":7,"id":"018bcfe5-6800-7000-8000-000000700000","type":"placed","tags":["course:c1","student:s1"],"recordedAt":"2023-11-14T22:13:20.000000Z","validFrom":"2020-02-29T00:00:00.000000Z","validTo":"2020-03-01T00:00:00.000000Z","cause":"018bcfe5-6800-7000-8000-0000001a2b3c","correlation":"order 7","schemaVersion":2,"producer":{"a":1,"b":2},"derivation":{"rule":"totals","version":1,"sourceCount":1,"sources":["00112233-4455-6677-8899-aabbccddeeff"]},"metadata":{"user": "u1"},"value":{"total": 50, "a": [1]}}""";

    static readonly byte[] Salt = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");

    static readonly AppendReceipt Receipt = new()
    {
        FirstPosition = new Position(7),
        LastPosition = new Position(9),
        RecordedAt = HeaderVectors.Time,
        Versions = [new StreamAndVersion("orders/42", 3), new StreamAndVersion("orders/7", 1)],
        CellVersions = [new CellAndVersion(new CellName("settings", "theme"), 2)],
    };

    static readonly AppendReceipt OfCells = Receipt with { FirstPosition = new Position(7), LastPosition = new Position(6), Versions = [] };

    const string ReceiptMembers = "\"first\":7,\"last\":9,\"recordedAt\":\"2023-11-14T22:13:20.000000Z\",\"versions\":{\"orders/42\":3,\"orders/7\":1},\"cells\":{\"settings/theme\":2}";

    static Fact Stored(string header, string metadata, string payload)
    {
        var bytes = Convert.FromHexString(header);
        Assert.True(HeaderView.TryRead(bytes, out var view));
        return new Fact(view, bytes, Salt, Encoding.UTF8.GetBytes(metadata), Encoding.UTF8.GetBytes(payload), ledgerTag: 0);
    }

    static readonly Fact Placed = Stored(HeaderVectors.WritersAndCallersFields, """{"user": "u1"}""", "{\"total\": 50,\n\"a\": [1]}");

    public static TheoryData<string> Ways => ["reflection", "context", "web"];

    /// <summary>Options under which any other type would be written differently.</summary>
    static JsonSerializerOptions Options(string way) => way switch
    {
        "reflection" => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping },
        "context" => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, TypeInfoResolver = TestJson.Default, PropertyNamingPolicy = JsonNamingPolicy.KebabCaseUpper },
        _ => new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping },
    };

    static void Writes<T>(T value, string json, string way) => Assert.Equal(json, JsonSerializer.Serialize(value, Options(way)));

    static T ReadsBack<T>(T value, string json, string way)
    {
        Writes(value, json, way);
        var read = JsonSerializer.Deserialize<T>(json, Options(way))!;
        Writes(read, json, way);
        return read;
    }

    // Results.Ok(fact) wrote every property, with the salt, which undoes the erasure of its payload, and with the header.
    [Theory]
    [MemberData(nameof(Ways))]
    public void A_fact_is_written_without_salt_and_header(string way)
    {
        Writes(Placed, FactText, way);
        Writes<IReadOnlyList<Fact>>([Placed], $"[{FactText}]", way);
        var indents = Options(way);
        indents.WriteIndented = true;
        var indented = JsonSerializer.Serialize(Placed, indents);
        foreach (var json in new[] { indented, JsonSerializer.Serialize((object)Placed, Options(way)) })
            foreach (var hidden in new[] { "salt", "header", "base64", Convert.ToBase64String(Salt), Convert.ToHexString(Salt), Convert.ToBase64String(Placed.Header.Span) })
                Assert.DoesNotContain(hidden, json, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("u1", JsonDocument.Parse(indented).RootElement.GetProperty("metadata").GetProperty("user").GetString());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Unset_members_of_a_fact_are_absent(string way)
    {
        Writes(Stored(HeaderVectors.Minimal, "", ""), """{"store":"orders","key":"42","version":1,"position":1,"id":"018bcfe5-6800-7000-8000-000000100000","recordedAt":"2023-11-14T22:13:20.000000Z"}""", way);
        Assert.EndsWith("""
            "contentType":"text/plain","producer":{"build":7,"name":"shop"},"derivation":{"rule":"totals","version":2,"sourceCount":2,"sources":["00112233-4455-6677-8899-aabbccddeeff","ffeeddcc-bbaa-9988-7766-554433221100"]},"valueBase64":"aGk="}
            """, JsonSerializer.Serialize(Stored(HeaderVectors.EveryField, "", "hi"), Options(way)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_fact_and_a_conflict_are_not_read_and_the_error_says_why(string way)
    {
        Assert.Contains("neither its header nor its salt", Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<Fact>(FactText, Options(way))).Message, StringComparison.Ordinal);
        foreach (var outcome in new AppendOutcome[] { Conflict(AppendCondition.StreamMissing("orders/42")), Unknown })
            Assert.Contains("cannot be made from its JSON", Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<AppendOutcome>(JsonSerializer.Serialize(outcome, Options(way)), Options(way))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Names_and_numbers_are_a_text_and_a_number_and_come_back(string way)
    {
        Assert.Equal(new Position(7), ReadsBack(new Position(7), "7", way));
        Assert.Equal(Position.None, ReadsBack(Position.None, "0", way));
        Assert.Equal(new Position(Position.MaxValue), ReadsBack(new Position(Position.MaxValue), "4398046511103", way));
        Assert.Equal(new StreamVersion(3), ReadsBack(new StreamVersion(3), "3", way));
        Assert.Equal(new CellVersion(3), ReadsBack(new CellVersion(3), "3", way));
        Assert.Equal(new StreamName("orders", "4/2"), ReadsBack(new StreamName("orders", "4/2"), "\"orders/4/2\"", way));
        Assert.Equal(new CellName("settings", ""), ReadsBack(new CellName("settings", ""), "\"settings/\"", way));
        Assert.Equal(new LedgerId(Guid.Parse(Id)), ReadsBack(new LedgerId(Guid.Parse(Id)), $"\"{Id}\"", way));
        Assert.Equal(LedgerCursor.Parse($"{Id}/1@1000.1a2b3c4d"), ReadsBack(LedgerCursor.Parse($"{Id}/1@1000.1a2b3c4d"), $"\"{Id}/1@1000.1a2b3c4d\"", way));
        Assert.Equal(LedgerTime.Latest, ReadsBack(LedgerTime.Latest, "\"latest\"", way));
        Assert.Equal(LedgerTime.AtPosition(new Position(7)), ReadsBack(LedgerTime.AtPosition(new Position(7)), "\"@7\"", way));
        Assert.Equal(LedgerTime.RecordedBy(HeaderVectors.Time), ReadsBack(LedgerTime.RecordedBy(HeaderVectors.Time), "\"2023-11-14T22:13:20.000000Z\"", way));
        Assert.Equal(new Position(7), ReadsBack<Position?>(new Position(7), "7", way));
        Assert.Null(ReadsBack<Position?>(null, "null", way));
        Assert.Equal(new Position(7), ReadsBack(new Dictionary<StreamName, Position> { ["orders/42"] = new(7) }, """{"orders/42":7}""", way)["orders/42"]);
        Assert.Equal("orders/42", ReadsBack(new Dictionary<Position, StreamName> { [new(7)] = "orders/42" }, """{"7":"orders/42"}""", way)[new(7)]);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("4398046511104")]
    [InlineData("1e30")]
    [InlineData("7.5")]
    [InlineData("\"7\"")]
    [InlineData("null")]
    [InlineData("{\"Value\":7}")]
    [InlineData("true")]
    public void Other_JSON_is_no_position(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Position>(json));

    [Theory]
    [InlineData("\"orders\"")]
    [InlineData("\"orders/\\u0000\"")]
    [InlineData("\"orders/\\uD800\"")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("""{"Store":"orders","Key":"42"}""")]
    public void Other_JSON_is_no_name(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<StreamName>(json));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<CellName>(json));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LedgerCursor>(json));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LedgerTime>(json));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_receipt_comes_back(string way)
    {
        var read = ReadsBack(Receipt, $"{{{ReceiptMembers}}}", way);
        Assert.Equal(Receipt.Versions, read.Versions);
        Assert.Equal(Receipt.CellVersions, read.CellVersions);
        Assert.Equal(Receipt.RecordedAt, read.RecordedAt);
        var cells = ReadsBack(OfCells, """{"last":6,"recordedAt":"2023-11-14T22:13:20.000000Z","versions":{},"cells":{"settings/theme":2}}""", way);
        Assert.Equal((0, 7), (cells.Count, cells.FirstPosition.Value));
    }

    [Fact]
    public void The_output_of_the_command_line_is_read_as_a_receipt_and_as_an_outcome()
    {
        const string Line = """{"outcome":"duplicate","appendId":"a1","first":7,"last":7,"recordedAt":"2026-01-31T08:15:30.250000Z","versions":{"orders/42":1}}""";
        Assert.Equal("orders/42 v1", Assert.Single(JsonSerializer.Deserialize<AppendReceipt>(Line)!.Versions).ToString());
        Assert.Equal(new Position(7), Assert.IsType<AppendOutcome.Duplicate>(JsonSerializer.Deserialize<AppendOutcome>(Line)).Receipt.LastPosition);
        Assert.Contains("'duplicate'", Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AppendOutcome.Committed>(Line)).Message, StringComparison.Ordinal);
    }

    static AppendOutcome.Conflict Conflict(AppendCondition condition) => new(condition, new StreamVersion(3), [Placed], IsComplete: true) { ActualCellVersion = 2, FirstMatch = new Position(7) };

    static readonly AppendOutcome.Unknown Unknown = new("a1", new Position(7), new Position(7), new LedgerFailedException("The sync failed."));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_outcome_is_written_as_itself_and_as_an_outcome(string way)
    {
        void Both<T>(T outcome, string json) where T : AppendOutcome
        {
            Writes(outcome, json, way);
            Writes<AppendOutcome>(outcome, json, way);
            Writes<object>(outcome, json, way);
        }

        Both(new AppendOutcome.Committed(Receipt), $$"""{"outcome":"committed",{{ReceiptMembers}}}""");
        Both(new AppendOutcome.Duplicate(Receipt), $$"""{"outcome":"duplicate",{{ReceiptMembers}}}""");
        Both(Conflict(AppendCondition.StreamMissing("orders/42")), $$"""{"outcome":"conflict","condition":"stream orders/42 does not exist","actualVersion":3,"facts":[{{FactText}}],"complete":true}""");
        Both(Conflict(AppendCondition.CellAbsent("b", "n")) with { Facts = [] }, """{"outcome":"conflict","condition":"cell b/n has no value","actualVersion":2,"facts":[],"complete":true}""");
        Both(Conflict(AppendCondition.NoMatch(FactQuery.All)) with { Facts = [], IsComplete = false }, """{"outcome":"conflict","condition":"no fact matches all","firstMatch":7,"facts":[],"complete":false}""");
        Both(new AppendOutcome.AppendIdReused("a1", Receipt, "the type of fact 0"), $$"""{"outcome":"append-id-reused","appendId":"a1",{{ReceiptMembers}},"difference":"the type of fact 0"}""");
        Both(new AppendOutcome.Rejected("one-per-day", "There is one."), """{"outcome":"rejected","by":"one-per-day","reason":"There is one."}""");
        Both(Unknown, """{"outcome":"unknown","appendId":"a1","first":7,"last":7,"message":"The ledger refuses appends until it is opened again: The sync failed."}""");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Outcomes_that_their_JSON_has_whole_come_back(string way)
    {
        foreach (var outcome in new AppendOutcome[] { new AppendOutcome.Committed(Receipt), new AppendOutcome.Duplicate(OfCells), new AppendOutcome.AppendIdReused("a1", Receipt, "the type"), new AppendOutcome.Rejected("rule", "why") })
            Assert.IsType(outcome.GetType(), ReadsBack(outcome, JsonSerializer.Serialize(outcome, Options(way)), way));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_cell_comes_back(string way)
    {
        var cell = new Cell { Bucket = "settings", Name = "theme", Version = 2, RecordedAt = HeaderVectors.Time, Value = "dark"u8.ToArray() };
        Assert.Equal("dark", ReadsBack(cell, """{"bucket":"settings","name":"theme","version":2,"recordedAt":"2023-11-14T22:13:20.000000Z","value":"dark"}""", way).Text);
        Assert.Equal([0xFF, 0], ReadsBack(cell with { Value = new byte[] { 0xFF, 0 } }, """{"bucket":"settings","name":"theme","version":2,"recordedAt":"2023-11-14T22:13:20.000000Z","valueBase64":"/wA="}""", way).Value.ToArray());
    }

    [Theory]
    [InlineData("[]", "no JSON object")]
    [InlineData("{}", "'outcome'")]
    [InlineData("""{"outcome":"lost"}""", "'lost'")]
    [InlineData("""{"outcome":7}""", "'outcome'")]
    [InlineData("""{"outcome":"committed"}""", "'last'")]
    [InlineData("""{"outcome":"committed","last":-1}""", "'last'")]
    [InlineData("""{"outcome":"committed","first":8,"last":7}""", "'first'")]
    [InlineData("""{"outcome":"committed","last":7,"recordedAt":"now"}""", "'recordedAt'")]
    [InlineData("""{"outcome":"committed","last":7,"recordedAt":"2026-01-31T08:15:30.250000Z","versions":[]}""", "'versions'")]
    [InlineData("""{"outcome":"committed","last":7,"recordedAt":"2026-01-31T08:15:30.250000Z","versions":{"orders":1}}""", "'orders'")]
    [InlineData("""{"outcome":"committed","last":7,"recordedAt":"2026-01-31T08:15:30.250000Z","versions":{"orders/1":0}}""", "'versions'")]
    [InlineData("""{"outcome":"\uD800"}""", "Unicode")]
    public void JSON_that_is_no_outcome_is_refused_with_what_is_wrong(string json, string says) =>
        Assert.Contains(says, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AppendOutcome>(json)).Message, StringComparison.Ordinal);
}

/// <summary>A context as an application has one: it names the types, and no converter.</summary>
[JsonSerializable(typeof(Fact))]
[JsonSerializable(typeof(IReadOnlyList<Fact>))]
[JsonSerializable(typeof(AppendReceipt))]
[JsonSerializable(typeof(AppendOutcome))]
[JsonSerializable(typeof(AppendOutcome.Committed))]
[JsonSerializable(typeof(AppendOutcome.Duplicate))]
[JsonSerializable(typeof(AppendOutcome.Conflict))]
[JsonSerializable(typeof(AppendOutcome.AppendIdReused))]
[JsonSerializable(typeof(AppendOutcome.Rejected))]
[JsonSerializable(typeof(AppendOutcome.Unknown))]
[JsonSerializable(typeof(Cell))]
[JsonSerializable(typeof(Position))]
[JsonSerializable(typeof(Position?))]
[JsonSerializable(typeof(StreamVersion))]
[JsonSerializable(typeof(CellVersion))]
[JsonSerializable(typeof(StreamName))]
[JsonSerializable(typeof(CellName))]
[JsonSerializable(typeof(LedgerId))]
[JsonSerializable(typeof(LedgerCursor))]
[JsonSerializable(typeof(LedgerTime))]
[JsonSerializable(typeof(Dictionary<StreamName, Position>))]
[JsonSerializable(typeof(Dictionary<Position, StreamName>))]
[JsonSerializable(typeof(object))]
sealed partial class TestJson : JsonSerializerContext;
