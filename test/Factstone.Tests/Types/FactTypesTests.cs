namespace Factstone.Tests.Types;

/// <summary>The registry of types: what it refuses, and how a test of a user's finds a change that would break stored facts.</summary>
public sealed class FactTypesTests
{
    [Fact]
    public void A_registration_that_cannot_be_meant_is_refused()
    {
        var types = ShopTypes.All;

        Refused(() => types.Add<Price>("order-placed"), "The type 'order-placed' is registered already");
        Refused(() => types.Add<OrderPlaced>("placed"), "is registered already, as 'order-placed'");
        Refused(() => types.Add<NotGenerated>("not-generated"), "[JsonSerializable(typeof(NotGenerated))]");
        Refused(() => types.Add<Price>(""), "is empty");
        Refused(() => types.Add<Price>(new string('x', 257)), "257 bytes");
        Refused(() => types.Add<Price>("a\nb"), "control character");
        Refused(() => types.Upcast("price", 1, static json => json), "is not registered");
        Refused(() => types.Upcast("order-placed", 1, static json => json), "would never be used");
        Refused(() => types.Add<Price>("price", 3).Upcast("price", 0, static json => json), "would never be used");
        Refused(() => types.Add<Price>("price", 3).Upcast("price", 1, static json => json).Upcast("price", 1, static json => json), "has an upcaster from schema version 1 already");
        Assert.Throws<ArgumentOutOfRangeException>(() => types.Add<Price>("price", 0));
        Assert.Equal(["order-placed", "order-shipped"], types.Names);
    }

    [Fact]
    public void A_registry_does_not_change()
    {
        _ = ShopTypes.All.Add<Price>("price", 2).Upcast("price", 1, static json => json);

        Assert.Equal(["order-placed", "order-shipped"], ShopTypes.All.Names);
    }

    [Fact]
    public void A_value_is_encoded_under_its_registered_name_with_its_tags()
    {
        var (type, payload, tags) = ShopTypes.All.Encode(new OrderPlaced("Ada", 129.90m));

        Assert.Equal(("order-placed", 1), (type.Name, type.SchemaVersion));
        Assert.Equal("""{"customer":"Ada","total":129.90}"""u8.ToArray(), payload);
        Assert.Equal(["customer:Ada"], tags);
        Assert.Contains(".Add<Price>(\"price\")", Assert.Throws<FactTypesException>(() => ShopTypes.All.Encode(new Price(1, "EUR", 2, "", "", true))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_find_a_property_that_was_renamed_a_type_without_one_and_a_step_that_loses_something()
    {
        ShopTypes.All.Verify(
            new FactSample(new OrderPlaced("Ada", 1), """{"total":1,"customer":"Ada"}"""),
            new FactSample(new OrderShipped("DHL"), """{"carrier":"DHL"}"""));

        var failure = Assert.Throws<FactTypesException>(() => ShopTypes.All.Add<Price>("price", 2).Upcast("price", 1, static json => json).Verify(
            new FactSample(new OrderPlaced("Ada", 1), """{"client":"Ada","total":1}"""),
            new FactSample(new Price(7, "EUR", 2, "list", "shop", true), """{"amount":7}""", SchemaVersion: 1),
            new FactSample("text", "\"text\"")));

        Assert.Contains("'order-placed': the sample is {\"client\":\"Ada\",\"total\":1}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'price', schema version 1: {\"amount\":7} is read as", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'order-shipped' has no sample of schema version 1.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'price' has no sample of schema version 2.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("System.String is not registered", failure.Message, StringComparison.Ordinal);
    }

    static void Refused(Action act, string why) => Assert.Contains(why, Assert.Throws<ArgumentException>(act).Message, StringComparison.Ordinal);
}
