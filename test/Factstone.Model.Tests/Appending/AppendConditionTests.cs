using Xunit;

namespace Factstone;

public sealed class AppendConditionTests
{
    [Fact]
    public void A_condition_says_what_it_asks() => Assert.Equal(
        [
            "stream orders/42 is at version 3", "stream orders/42 does not exist", "stream orders/42 exists", "record orders/42 is at version 3",
            "record orders/42 has no value", "record orders/42 equals {\"total\":50}",
            "no fact after @7 matches store=orders", "no fact matches type=placed tag=vip | store=settings",
        ],
        new[]
        {
            AppendCondition.StreamAt("orders/42", 3), AppendCondition.StreamMissing("orders/42"), AppendCondition.StreamExists("orders/42"),
            AppendCondition.RecordAt("orders/42", 3), AppendCondition.RecordMissing("orders/42"), AppendCondition.RecordEquals("orders/42", """{"total":50}"""),
            AppendCondition.NoMatch(FactQuery.Store("orders"), new Position(7)),
            AppendCondition.NoMatch([new() { Types = ["placed"], Tags = ["vip"] }, new() { Store = "settings" }]),
        }.Select(condition => condition.ToString()));
}
