using Xunit;

namespace Factstone;

public sealed class AppendConditionTests
{
    [Fact]
    public void A_condition_says_what_it_asks() => Assert.Equal(
        [
            "stream orders/42 is at version 3", "stream orders/42 does not exist", "stream orders/42 exists", "record orders/42 is at version 3",
            "record orders/42 has no value", "record orders/42 equals {\"total\":50}",
        ],
        new[]
        {
            AppendCondition.StreamAt("orders/42", 3), AppendCondition.StreamMissing("orders/42"), AppendCondition.StreamExists("orders/42"),
            AppendCondition.RecordAt("orders/42", 3), AppendCondition.RecordMissing("orders/42"), AppendCondition.RecordEquals("orders/42", """{"total":50}"""),
        }.Select(condition => condition.ToString()));
}
