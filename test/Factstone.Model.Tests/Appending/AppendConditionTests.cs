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

    // Version 0 of a stream required that it did not exist, and version 0 of a record or a cell was refused.
    [Fact]
    public void Version_0_is_not_there_for_streams_records_and_cells()
    {
        Assert.Equal(AppendCondition.StreamMissing("orders/42"), AppendCondition.StreamAt("orders/42", StreamVersion.None));
        Assert.Equal(AppendCondition.RecordMissing("orders/42"), AppendCondition.RecordAt("orders/42", StreamVersion.None));
        Assert.Equal(AppendCondition.CellAbsent("settings", "theme"), AppendCondition.CellAt("settings", "theme", CellVersion.None));
    }
}
