using System.Text.Json;

namespace Factstone.Tests.Input;

/// <summary>Types and values that cannot be registered, stored or verified are refused with the line to write instead.</summary>
public sealed class BadTypesTests
{
    static readonly FactTypes Types = Sale.Types;

    static readonly BadCall[] Calls =
    [
        Registration("a null context", typeof(ArgumentNullException), "json", "", static () => new FactTypes(null!)),
        Registration("a null name", typeof(ArgumentNullException), "name", "", static () => Types.Add<WrappedGift>(null!)),
        Registration("an empty name", typeof(ArgumentException), "name", "The type is empty.", static () => Types.Add<WrappedGift>("")),
        Registration("a name of 257 bytes", typeof(ArgumentException), "name", "257 bytes; at most 256", static () => Types.Add<WrappedGift>(new string('x', 257))),
        Registration("a name with a control character", typeof(ArgumentException), "name", "U+000A", static () => Types.Add<WrappedGift>("a\nb")),
        Registration("a name with half of a pair", typeof(ArgumentException), "name", "surrogate", static () => Types.Add<WrappedGift>(BadCall.Lone)),
        Registration("a name that looks like JSON", typeof(ArgumentException), "name", "looks like JSON", static () => Types.Add<WrappedGift>("""{"a":1}""")),
        Registration("a name twice", typeof(ArgumentException), "name", "'sold' is registered already, for Factstone.Tests.Input.Sold", static () => Types.Add<WrappedGift>("sold")),
        Registration("a class twice", typeof(ArgumentException), "T", "Factstone.Tests.Input.Sold is registered already, as 'sold'", static () => Types.Add<Sold>("sale")),
        Registration("a schema version of 0", typeof(ArgumentOutOfRangeException), "schemaVersion", "", static () => Types.Add<WrappedGift>("wrapped", schemaVersion: 0)),
        Registration("an abstract class", typeof(ArgumentException), "T", "Add each class that values have", static () => Types.Add<Shape>("shape")),
        Registration("an interface", typeof(ArgumentException), "T", "Add each class that values have", static () => Types.Add<IDisposable>("disposable")),
        Registration("a nullable number", typeof(ArgumentException), "T", "Register Int32 instead of Int32?.", NullableNumber),
        Registration("a class without JSON", typeof(ArgumentException), "T", "SaleJson has no JSON for Factstone.Tests.Input.Unlisted. Add above it: [JsonSerializable(typeof(Unlisted))]", static () => Types.Add<Unlisted>("unlisted")),
        Registration("a list without JSON", typeof(ArgumentException), "T", "[JsonSerializable(typeof(List<Unlisted>))]", static () => Types.Add<List<Unlisted>>("unlisted")),
        Registration("an upcaster of no type", typeof(ArgumentNullException), "name", "", static () => Types.Upcast(null!, 1, static json => json)),
        Registration("a null upcaster", typeof(ArgumentNullException), "upcast", "", static () => Types.Upcast("weight", 1, null!)),
        Registration("an upcaster of a type that is not registered", typeof(ArgumentException), "name", "'none' is not registered. Add it first", static () => Types.Upcast("none", 1, static json => json)),
        Registration("an upcaster from the present version", typeof(ArgumentException), "from", "An upcaster from version 2 would never be used: 'weight' has schema version 2, and an upcaster begins at an older version", static () => Types.Upcast("weight", 2, static json => json)),
        Registration("an upcaster from version 0", typeof(ArgumentException), "from", "would never be used", static () => Types.Upcast("weight", 0, static json => json)),
        Registration("an upcaster twice", typeof(ArgumentException), "from", "from schema version 1 already", static () => Types.Upcast("weight", 1, static json => json).Upcast("weight", 1, static json => json)),

        Registration("a null sample", typeof(ArgumentException), "samples", "samples[0] is null", static () => Types.Verify([null!])),
        Registration("a sample without a value", typeof(ArgumentException), "samples", "samples[0] is null, or has no value", static () => Types.Verify(new FactSample(null!, "{}"))),
        Registration("a sample without JSON", typeof(ArgumentException), "samples", "samples[0] is null, or has no value or no JSON", static () => Types.Verify(new FactSample(new Sold(1), null!))),
        Registration("no samples", typeof(FactTypesException), null, "'sold' has no sample of schema version 1.", static () => Types.Verify()),
        Registration("a sample of version 0", typeof(FactTypesException), null, "'sold': a sample has schema version 0; there are versions 1 to 1.", static () => Types.Verify(new FactSample(new Sold(1), "{}", 0))),
        Registration("a sample of a later version", typeof(FactTypesException), null, "'sold': a sample has schema version 2; there are versions 1 to 1.", static () => Types.Verify(new FactSample(new Sold(1), "{}", 2))),
        Registration("a sample that is no JSON", typeof(FactTypesException), null, "'sold': the sample { is refused.", static () => Types.Verify(new FactSample(new Sold(1), "{"))),
        Registration("a sample that JSON cannot write", typeof(FactTypesException), null, "'ring': Factstone.Tests.Input.Ring cannot be written as JSON", static () => Types.Verify(new FactSample(ARing(), "{}"))),

        Append("a value of a type that is not registered", typeof(FactTypesException), null, "Factstone.Tests.Input.Unlisted is not registered as a type of facts. Add to FactTypes: .Add<Unlisted>(\"unlisted\")", new Unlisted(1)),
        Append("a value of a derived type", typeof(FactTypesException), null, "Gift is, but a value is looked up by exactly its own type. Add to FactTypes: .Add<WrappedGift>(\"wrapped-gift\")", new WrappedGift("Ada")),
        Append("a text as a value", typeof(FactTypesException), null, "If it is JSON, append it under its type: new NewFact(stream, type, json).", """{"total":1}"""),
        Append("bytes as a value", typeof(FactTypesException), null, "If it is JSON", new byte[] { 1 }),
        Append("parsed JSON as a value", typeof(FactTypesException), null, "If it is JSON", JsonDocument.Parse("{}").RootElement),
        Append("an anonymous value", typeof(FactTypesException), null, "Declare a record for it", new { Total = 1 }),
        Append("a list as a value", typeof(FactTypesException), null, "one fact for each, pass its elements", new List<Sold> { new(1) }),
        Append("an array as a value", typeof(FactTypesException), null, "one fact for each, pass its elements", new[] { new Sold(1) }),
        Append("a generic value", typeof(FactTypesException), null, ".Add<Lazy<Sold>>(\"lazy\")", new Lazy<Sold>()),
        Append("a value that refers to itself", typeof(FactTypesException), null, "A Factstone.Tests.Input.Ring cannot be written as JSON for 'ring'", ARing()),
        Append("a number that JSON does not have", typeof(FactTypesException), null, "A Factstone.Tests.Input.Weight cannot be written as JSON for 'weight'", new Weight(double.NaN)),
        Append("a value whose tags are null", typeof(FactTypesException), null, "The tags of a 'gift' are null. For no tags, the function in FactTypes.Add returns an empty list.", new Gift("nobody")),
        Append("a value with an empty tag", typeof(ArgumentException), null, "facts[0] (orders/42): The tag '' is empty.", new Gift("")),
        Append("a value with 65 tags", typeof(ArgumentException), null, "It has 65 tags; at most 64", new Gift(string.Join(',', Enumerable.Range(0, 65)))),
        Append("a null value", typeof(ArgumentException), "values", "values[0] is null", null!),
        Append("a new fact as a value", typeof(ArgumentException), "values", "values[0] is a NewFact, which names its own stream", new NewFact(BadCall.Stream, new Sold(1))),
        new("a stored fact as a value", typeof(ArgumentException), "values", "values[0] is a Fact, which is stored already. Append its value.", static async ledger => await ledger.AppendAsync(BadCall.Stream, [(await ledger.ReadLatestAsync(BadCall.Stream))!])),
        new("a bad value behind a good one", typeof(FactTypesException), null, "Unlisted is not registered", static async ledger => await ledger.AppendAsync(BadCall.Stream, [new Sold(1), new Unlisted(1)])),
        new("null for values", typeof(ArgumentNullException), "values", "", static async ledger => await ledger.AppendAsync(BadCall.Stream, null!)),
        new("no values", typeof(ArgumentException), "request", "The append has no fact and no cell.", static async ledger => await ledger.AppendAsync(BadCall.Stream, [])),
        new("values for no stream", typeof(ArgumentException), null, "It names no stream", static async ledger => await ledger.AppendAsync(default(StreamName), [new Sold(1)])),
        new("a value for a reserved store", typeof(ArgumentException), null, "belong to Factstone", static async ledger => await ledger.AppendAsync("$own/1", [new Sold(1)])),
        new("a null fact", typeof(ArgumentNullException), "fact", "", static async ledger => await ledger.AppendAsync((NewFact)null!)),
        new("a null fact at a version", typeof(ArgumentNullException), "fact", "", static async ledger => await ledger.AppendAsync(null!, new StreamVersion(1))),
        new("a fact at version -1", typeof(ArgumentException), "expected", "cannot be at version -1", static async ledger => await ledger.AppendAsync(new NewFact(BadCall.Stream, new Sold(1)), new StreamVersion(-1))),
        new("a null list of facts", typeof(ArgumentNullException), "facts", "", static async ledger => await ledger.AppendAsync((IReadOnlyList<NewFact>)null!)),
        new("a null request", typeof(ArgumentNullException), "request", "", static async ledger => await ledger.AppendAsync((AppendRequest)null!)),
        new("a null ledger", typeof(ArgumentNullException), "ledger", "", static async _ => await ((ILedger)null!).AppendAsync(BadCall.Stream, [new Sold(1)])),
        new("a new fact without a value", typeof(ArgumentNullException), "value", "", static _ => Task.FromResult(new NewFact(BadCall.Stream, (object)null!))),
        new("a value beside a payload", typeof(ArgumentException), "fact", "Leave them out, or leave the value out.", static async ledger => await ledger.AppendAsync(new NewFact(BadCall.Stream, "sold", "{}") with { Value = new Sold(1) })),
        new("a value in a ledger without types", typeof(FactTypesException), null, "facts[0] has a value of Factstone.Tests.Input.Sold, and the ledger was opened without types. Add to LedgerOptions: Types = new FactTypes(...).Add<Sold>(\"sold\")", static async _ => await UntypedAsync(new Sold(1))),
        new("a text in a ledger without types", typeof(FactTypesException), null, "If it is JSON, append it under its type", static async _ => await UntypedAsync("{}")),
        new("a store of records twice", typeof(ArgumentException), "records", "The store 'sales' is in Records twice", static async _ => await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [new RecordStore<Sold>("sales", SaleJson.Default.Sold), new RecordStore<Gift>("sales", SaleJson.Default.Gift)] })),
        new("a null store of records", typeof(ArgumentException), "records", "A store of Records is null", static async _ => await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [null!] })),
    ];

    public static TheoryData<string> Names => BadCall.Names(Calls);

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_the_reason_and_changes_nothing(string name) => BadCall.IsRefusedAsync(Calls, name);

    // A tag for each line of an order may come twice.
    [Fact]
    public async Task A_tag_that_a_value_gives_twice_counts_once()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Types }, TestContext.Current.CancellationToken);
        await ledger.AppendAsync(BadCall.Stream, [new Gift("b,a,b"), new Gift(string.Join(',', Enumerable.Repeat("c", 100)))], TestContext.Current.CancellationToken);

        var facts = await ledger.ReadAsync(cancellationToken: TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal([["a", "b"], ["c"]], facts.Select(static fact => fact.Tags));
    }

    [Theory]
    [InlineData("""{"total":"much"}""", "Fact @1 orders/42 v1 sold does not become a Factstone.Tests.Input.Sold: at $.total, ")]
    [InlineData("null", "does not become a Factstone.Tests.Input.Sold: it is null.")]
    [InlineData("[]", "does not become a Factstone.Tests.Input.Sold: at $, the JSON value could not be converted to Factstone.Tests.Input.Sold.")]
    public async Task A_payload_that_does_not_fit_its_type_names_the_fact(string json, string says)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Types }, TestContext.Current.CancellationToken);
        await ledger.AppendAsync(new NewFact(BadCall.Stream, "sold", json), TestContext.Current.CancellationToken);

        var folded = await Assert.ThrowsAsync<FactValueException>(async () => await ledger.ProjectAsync(Sale.Total, BadCall.Stream, TestContext.Current.CancellationToken));

        Assert.Contains(says, folded.Message, StringComparison.Ordinal);
        Assert.Equal(1, folded.Fact.Position.Value);
    }

    static BadCall Registration(string name, Type exception, string? parameter, string says, Action call) => new(name, exception, parameter, says, _ =>
    {
        call();
        return Task.CompletedTask;
    });

    static BadCall Append(string name, Type exception, string? parameter, string says, object value) =>
        new(name, exception, parameter, says, async ledger => await ledger.AppendAsync(BadCall.Stream, [value]));

    static async Task UntypedAsync(object value)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(BadCall.Stream, [value]);
    }

#pragma warning disable CS8714 // The constraint of the registration says the same at compile time.
    static void NullableNumber() => Types.Add<int?>("number");
#pragma warning restore CS8714

    static Ring ARing()
    {
        var ring = new Ring();
        ring.Next = ring;
        return ring;
    }
}
